using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace PyNetSharp.Benchmarks;

/// <summary>A running program, ours or a peer, that runs steps on request and idles in between.</summary>
internal sealed class StepProcess : IDisposable
{
    private readonly Process process;
    private readonly Task<string> errors;
    private readonly Lazy<ProgramVersion> version;

    private StepProcess(string? configuration, ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        process = Process.Start(start)!;
        errors = process.StandardError.ReadToEndAsync();
        version = new(() => JsonSerializer.Deserialize<ProgramVersion>(ReadLine(), StepReport.Json)!);
        Configuration = configuration;
    }

    /// <summary>Of a peer; null for ours.</summary>
    public string? Configuration { get; }

    /// <summary>Its name in tables: a peer's version and configuration; waits until it is warm.</summary>
    public string Name => Configuration is null ? "PyNetSharp" : $"{Version.Version}, {Configuration}";

    /// <summary>The program's version, which it writes when it is warm; waits for that.</summary>
    public ProgramVersion Version => version.Value;

    public static StepProcess StartPyNetSharp(Workload workload, int threads, string device, string precision)
    {
        var start = GetOwnStartInfo(
            [
                "serve", .. Arguments(workload, threads), "--device", device, "--precision", precision,
                .. (string[])(workload.IsPlain ? ["--plain"] : []),
            ]);
        return new(null, start);
    }

    /// <summary>This program with other arguments.</summary>
    public static ProcessStartInfo GetOwnStartInfo(params string[] arguments)
    {
        var assembly = typeof(StepProcess).Assembly.Location;
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == Path.GetFileNameWithoutExtension(assembly)
            ? new(program, arguments)
            : new(PeerProject.DotNet, [assembly, .. arguments]);
    }

    public static StepProcess Start(Peer peer, Workload workload, int threads) =>
        new($"{peer}", peer.GetStartInfo(workload, threads));

    /// <summary>Requests a number of timings, each of a number of steps, and waits for the report.</summary>
    public StepReport Run(int timings, int steps = 1)
    {
        _ = Version;
        process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{timings} {steps}"));
        return JsonSerializer.Deserialize<StepReport>(ReadLine(), StepReport.Json)!;
    }

    public void Dispose()
    {
        process.StandardInput.Close();      // the program ends at the end of its input
        process.WaitForExit();
        process.Dispose();
    }

    /// <exception cref="InputException">The program has ended; the message has its error output.</exception>
    private string ReadLine() =>
        process.StandardOutput.ReadLine() ?? throw new InputException(
            $"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)} has ended: " +
            errors.Result.Trim());

    /// <summary>What says which steps to serve, to a program that knows our networks by name.</summary>
    public static IEnumerable<string> Arguments(Workload workload, int threads) =>
    [
        workload.Network.Name, "--batch", Text(workload.Batch), "--threads", Text(threads),
        .. (string[])(workload.Trains ? [] : ["--inference"]),
    ];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The first line of a program that serves steps.</summary>
/// <param name="Version">Its name and version.</param>
/// <param name="Libraries">What computes in it, such as its BLAS; null for ours.</param>
internal sealed record ProgramVersion(string Version, string? Libraries = null)
{
    public override string ToString() => Libraries is null ? Version : $"{Version} ({Libraries})";
}
