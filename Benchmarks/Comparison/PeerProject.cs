using System.ComponentModel;
using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>A peer that is a project of its own below <c>Benchmarks/peers</c>, built when it is asked for.</summary>
internal static class PeerProject
{
    /// <summary>.NET's own program.</summary>
    public static string DotNet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The assembly of <c>Benchmarks/peers/NAME</c>, which is built first.</summary>
    /// <exception cref="InputException">There is no such project here, or it cannot be built.</exception>
    public static string Build(string name)
    {
        var folder = Path.Combine(FindRepository(), "Benchmarks", "peers", name);
        // Neither the compiler's server nor MSBuild's nodes stay beside what is timed.
        var (code, output, _) = Run(
            "build", folder, "-c", "Release", "-v", "q", "--nologo", "-nodeReuse:false",
            "-p:UseSharedCompilation=false");
        if (code != 0) throw new InputException($"{folder} cannot be built: {FirstLine(output, with: "error")}");
        return Path.Combine(folder, "bin", "Release", "net10.0", $"PyNetSharp.{name}Peer.dll");
    }

    /// <summary>Runs the program without arguments, which tells whether its native libraries can be loaded.</summary>
    /// <exception cref="InputException">They cannot be; with what the program says of it.</exception>
    public static void Check(string assembly)
    {
        var (code, _, errors) = Run(assembly);
        if (code != 0) throw new InputException(FirstLine(errors));
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(DotNet, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, errors.Result);
        }
        catch (Win32Exception fault)
        {
            throw new InputException($"{DotNet} cannot be started: {fault.Message}");
        }
    }

    /// <summary>The first line that contains this, or else the first one.</summary>
    private static string FirstLine(string text, string with = "")
    {
        var lines = text.Trim().Split('\n');
        return (lines.FirstOrDefault(line => line.Contains(with, StringComparison.Ordinal)) ?? lines[0]).Trim();
    }

    private static string FindRepository()
    {
        try
        {
            return Report.FindRepository(AppContext.BaseDirectory);
        }
        catch (DirectoryNotFoundException)
        {
            throw new InputException("it is built from the repository, and this program is not in one.");
        }
    }
}
