using System.Diagnostics;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The console app, run as a process of its own.</summary>
internal static class PynetProcess
{
    /// <summary>Runs <c>pynet</c> in a folder and waits for its end.</summary>
    public static ChildProcess.Result Run(string folder, params string[] arguments) =>
        RunWithData("", folder, arguments);

    /// <summary>The same with <c>PYNET_DATA</c> set.</summary>
    public static ChildProcess.Result RunWithData(string data, string folder, params string[] arguments)
    {
        using var process = Start(folder, arguments, data);
        return process.WaitForEnd();
    }

    /// <summary>Starts <c>pynet</c> in a folder.</summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="data">The variable <c>PYNET_DATA</c>.</param>
    /// <param name="shell">
    /// A shell script, where <c>"$@"</c> is the command line: <c>exec "$@" &gt; file</c>; null for no shell.
    /// </param>
    public static ChildProcess Start(string folder, string[] arguments, string data = "", string? shell = null)
    {
        string[] line = shell is null ? CommandLine(arguments) : ["sh", "-c", shell, "sh", .. CommandLine(arguments)];
        var start = new ProcessStartInfo(line[0], line[1..]) { WorkingDirectory = folder };
        start.Environment["PYNET_DATA"] = data;
        start.Environment.Remove("PYNET_DEBUG");
        return ChildProcess.Start(start);
    }

    /// <summary>The program and its arguments.</summary>
    public static string[] CommandLine(params string[] arguments)
    {
        var app = Path.Combine(TestContext.CurrentContext.TestDirectory, "pynet.dll");
        var host = Environment.ProcessPath;
        var dotnet = Path.GetFileNameWithoutExtension(host) == "dotnet" ? host! : "dotnet";
        return [dotnet, "exec", app, .. arguments];
    }
}
