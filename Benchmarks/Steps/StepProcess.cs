using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace PyNetSharp.Benchmarks;

/// <summary>A running program, ours or PyTorch, that runs steps on request and idles in between.</summary>
internal sealed class StepProcess : IDisposable
{
    private readonly Process process;
    private readonly Task<string> errors;
    private string? version;

    private StepProcess(string name, ProcessStartInfo start)
    {
        Name = name;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        process = Process.Start(start)!;
        errors = process.StandardError.ReadToEndAsync();
    }

    public string Name { get; }

    /// <summary>The program's version, which it writes when it is warm; waits for that.</summary>
    public string Version =>
        version ??= JsonDocument.Parse(ReadLine()).RootElement.GetProperty("version").GetString()!;

    public static StepProcess StartPyNetSharp(Workload workload, int threads, string device, string precision)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        var isHost = Path.GetFileNameWithoutExtension(start.FileName) == "dotnet";
        if (isHost) start.ArgumentList.Add(typeof(StepProcess).Assembly.Location);
        string[] arguments =
            [
                "serve", .. Arguments(workload, threads), "--device", device, "--precision", precision,
                .. (string[])(workload.IsPlain ? ["--plain"] : []),
            ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return new("PyNetSharp", start);
    }

    public static StepProcess StartPyTorch(PyTorch configuration, string python, Workload workload, int threads)
    {
        var start = configuration.GetStartInfo(python);
        foreach (var argument in Arguments(workload, threads).Append("--serve")) start.ArgumentList.Add(argument);
        return new($"{configuration}", start);
    }

    /// <summary>Requests <paramref name="steps"/> steps and waits for the report.</summary>
    public StepReport Run(int steps)
    {
        _ = Version;
        process.StandardInput.WriteLine(steps.ToString(CultureInfo.InvariantCulture));
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
        process.StandardOutput.ReadLine() ?? throw new InputException($"{Name} has ended: {errors.Result.Trim()}");

    private static IEnumerable<string> Arguments(Workload workload, int threads) =>
    [
        workload.Network.Name, "--batch", Text(workload.Batch), "--threads", Text(threads),
        .. (string[])(workload.Trains ? [] : ["--inference"]),
    ];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
