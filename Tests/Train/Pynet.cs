using System.Diagnostics;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The console app, run as a process of its own.</summary>
internal static class Pynet
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);    // a call takes a second or two

    /// <summary>Runs <c>pynet</c> in a folder and waits for its end.</summary>
    public static Result Run(string folder, params string[] arguments) => RunWith("", folder, arguments);

    /// <summary>The same with <c>PYNET_DATA</c> set.</summary>
    public static Result RunWith(string data, string folder, params string[] arguments)
    {
        using var process = Start(folder, arguments, data);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"pynet {string.Join(' ', arguments)} did not end.");
        }

        process.WaitForExit();          // until both streams are read
        return new(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts <c>pynet</c> in a folder; both streams are redirected.</summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">What is on the command line.</param>
    /// <param name="data">The variable <c>PYNET_DATA</c>.</param>
    /// <param name="output">A file for the output, by a shell; null to read it from the process.</param>
    public static Process Start(string folder, string[] arguments, string data = "", string? output = null)
    {
        var app = Path.Combine(TestContext.CurrentContext.TestDirectory, "pynet.dll");
        var host = Environment.ProcessPath;
        var dotnet = Path.GetFileNameWithoutExtension(host) == "dotnet" ? host! : "dotnet";
        string[] shell = output is null ? [] : ["sh", "-c", $"exec \"$@\" > {output}", "sh"];
        string[] line = [.. shell, dotnet, "exec", app, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYNET_DATA"] = data;
        start.Environment.Remove("PYNET_DEBUG");
        return Process.Start(start)!;
    }

    /// <summary>How a call ended.</summary>
    public sealed record Result(int ExitCode, string Output, string Error);
}
