using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The console app, as several processes that MPICH's launcher starts.</summary>
internal static class MpichRun
{
    /// <summary>MPICH's <c>mpirun</c> under its Debian name, and its own launcher.</summary>
    private static readonly string[] Launchers = ["mpirun.mpich", "mpiexec.hydra"];

    private static readonly string? Launcher = Array.Find(Launchers, IsInstalled);

    /// <summary>Skips a test where MPICH is not installed.</summary>
    public static void SkipWithout()
    {
        if (Launcher is null) Assert.Ignore("MPICH's mpirun is not installed.");
    }

    /// <summary>Runs <c>pynet</c> in a folder and waits for the end of all ranks.</summary>
    public static ChildProcess.Result Run(string folder, int ranks, params string[] arguments)
    {
        using var process = Start(folder, ranks, arguments);
        return process.WaitForEnd();
    }

    /// <summary>Starts <c>pynet</c> in a folder.</summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="ranks">The processes.</param>
    /// <param name="arguments">The command line of each.</param>
    /// <param name="shell">A shell script around it, as for <see cref="PynetProcess"/>; null for none.</param>
    public static ChildProcess Start(string folder, int ranks, string[] arguments, string? shell = null)
    {
        string[] around = shell is null ? [] : ["sh", "-c", shell, "sh"];
        return Start(folder, [$"{ranks}", .. around, .. PynetProcess.CommandLine(arguments)]);
    }

    /// <summary>Starts programs.</summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="programs">The number of ranks, and the program with its arguments; more of them after ":".</param>
    public static ChildProcess Start(string folder, string[] programs)
    {
        var start = new ProcessStartInfo(Launcher!, ["-n", .. programs]) { WorkingDirectory = folder };
        start.Environment["PYNET_DATA"] = "";
        start.Environment.Remove("PYNET_DEBUG");
        start.Environment.Remove("PYNET_MPI");
        return ChildProcess.Start(start);
    }

    /// <summary>The process of a rank, among those whose command line has a text.</summary>
    public static int ProcessOf(int rank, string text)
    {
        var variable = string.Create(CultureInfo.InvariantCulture, $"PMI_RANK={rank}");
        return Process.GetProcesses().Select(process => process.Id).Single(id =>
            Read(id, "cmdline") is [_, "exec", .. var line] && line.Contains(text)
            && Read(id, "environ").Contains(variable));
    }

    private static string[] Read(int process, string file)
    {
        try
        {
            return File.ReadAllText(FormattableString.Invariant($"/proc/{process}/{file}")).Split('\0');
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}
