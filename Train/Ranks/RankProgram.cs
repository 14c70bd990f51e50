using PyNetSharp.Distributed;

namespace PyNetSharp.Train;

/// <summary>The program as one of several that a launcher of MPI has started.</summary>
internal static class RankProgram
{
    /// <summary>Joins the others and runs the command; only rank 0 prints, beside faults.</summary>
    /// <returns>The exit code, the same on every rank.</returns>
    public static int Run(string[] args)
    {
        if (Join() is not { } ranks) return ProgramFault.BadInput;
        AppDomain.CurrentDomain.UnhandledException += (_, fault) => ranks.EndByFault((Exception)fault.ExceptionObject);
        if (!ranks.IsFirst) Console.SetOut(TextWriter.Null);        // before anything writes
        try
        {
            return ranks.End(new CommandLine(ranks).Run(args));
        }
        catch (Exception fault) when (fault is not null)
        {
            return ranks.EndByFault(fault);
        }
    }

    /// <returns>Null where that failed, which has been reported.</returns>
    private static RankSession? Join()
    {
        try
        {
            return new(MpiProcessGroup.Start());
        }
        catch (Exception fault) when (fault is InputException or MpiException)
        {
            // All ranks have the same fault, or will be ended by the launcher.
            if (MpiLaunch.Current?.Rank is null or 0) ConsoleOutput.WriteError(ProgramFault.Of(fault).Message);
            return null;
        }
    }
}
