using PyNetSharp.Distributed;

namespace PyNetSharp.Train;

/// <summary>The console application <c>pynet</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (ProcessLimits.FindProblem() is { } problem)
        {
            StandardStreams.WriteErrorUnbuffered($"pynet: {problem}\n");
            return ProgramFault.InternalError;
        }

        var isRank = MpiProcessGroup.IsLaunched;
        // Open MPI gives ranks a terminal, wherever their output goes; the runtime would send codes to it.
        if (isRank) Environment.SetEnvironmentVariable("TERM", "dumb");
        var output = StandardStreams.Open();
        var exitCode = isRank ? RankProgram.Run(args) : Run(args);
        if (exitCode != 0 || output.Error is not { } fault) return exitCode;
        ConsoleOutput.WriteError($"the output could not be written: {fault}");
        return ProgramFault.BadInput;
    }

    private static int Run(string[] args)
    {
        try
        {
            var commandLine = new CommandLine();
            return commandLine.Run(args);
        }
        catch (Exception fault) when (fault is not null)
        {
            var (exitCode, message) = ProgramFault.Of(fault);
            ConsoleOutput.WriteError(message);
            WriteDetails(fault);
            return exitCode;
        }
    }

    /// <summary>Prints where a fault happened, if that is asked for.</summary>
    public static void WriteDetails(Exception fault)
    {
        if (Environment.GetEnvironmentVariable("PYNET_DEBUG") == "1") ConsoleOutput.WriteError(fault);
    }
}
