using System.Diagnostics;
using System.Text.Json;

namespace PyNetSharp.Mutation;

/// <summary>What became of a fault.</summary>
/// <param name="Key">The fault's.</param>
/// <param name="IsNoticed">Whether a test failed, the process crashed, or it hung.</param>
/// <param name="Detail">The test that failed, or what else happened.</param>
internal sealed record Verdict(string Key, bool IsNoticed, string Detail);

/// <summary>Starts processes that run tests in a folder of mutated assemblies.</summary>
/// <param name="folder">With the tests and this program.</param>
internal sealed class Judge(string folder)
{
    private const int StartSeconds = 30;
    private const int SlowerBy = 4;                     // than when recorded: other processes have the cores too
    private const long MaxBytes = 4L << 30;

    /// <summary>Runs the tests of the classes without a fault, and writes what they reach.</summary>
    public void Record(string classes, string path)
    {
        var (status, output) = Run(-1, TimeSpan.FromMinutes(30), "record", classes, path);
        Console.Write(output);
        if (status != 0) throw new InvalidOperationException($"Recording the {classes} tests ended with {status}.");
    }

    /// <summary>Runs the tests with the fault, until one fails.</summary>
    public Verdict Try(Fault fault, ChosenTest[] tests)
    {
        if (tests.Length == 0) return new(fault.Key, false, "no test reaches it");
        var path = Path.Combine(folder, $"tests-{fault.Id}.json");
        File.WriteAllText(path, JsonSerializer.Serialize(tests));
        var limit = TimeSpan.FromSeconds(StartSeconds + SlowerBy * tests.Sum(test => test.Seconds));
        var (status, output) = Run(fault.Id, limit, "judge", path);
        File.Delete(path);
        return status switch
        {
            0 => new(fault.Key, false, $"{tests.Length} tests pass"),
            TestProcess.Failed => new(fault.Key, true, FailedTest(output)),
            null => new(fault.Key, true, "hangs"),
            _ => new(fault.Key, true, $"crashes ({status})"),
        };
    }

    private static string FailedTest(string output) =>
        output.Split('\n').FirstOrDefault(line => line.StartsWith("FAILED ", StringComparison.Ordinal)) ?? "a test";

    /// <summary>The exit status, null if the process was ended at the limit; and what it printed.</summary>
    private (int? Status, string Output) Run(int fault, TimeSpan limit, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in (string[])
            [
                "exec", "--runtimeconfig", "PyNetSharp.Tests.runtimeconfig.json", "--depsfile",
                "PyNetSharp.Tests.deps.json", "PyNetSharp.Mutation.dll", .. arguments,
            ])
            start.ArgumentList.Add(argument);
        start.Environment["PYNET_MUTANT"] = $"{fault}";
        start.Environment["DOTNET_GCHeapHardLimit"] = $"{MaxBytes:x}";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            return (null, "");
        }

        return (process.ExitCode, fault < 0 ? output.Result + errors.Result : output.Result);
    }
}
