using System.Globalization;
using PyNetSharp.Distributed;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>The program as one of several that a launcher of MPI has started.</summary>
internal static class RankProgram
{
    private const string TimeoutVariable = "PYNET_MPI_TIMEOUT";
    private const int DefaultTimeout = 120;                 // seconds

    /// <summary>Joins the others and runs the command; only rank 0 prints, beside faults.</summary>
    /// <returns>The exit code, the same on every rank.</returns>
    public static int Run(string[] args)
    {
        RankSession ranks;
        try
        {
            ranks = Join();
        }
        catch (Exception fault) when (fault is InputException or MpiException)
        {
            return EndBeforeJoining(ProgramFault.Of(fault));
        }

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

    /// <exception cref="InputException">The library is missing, or the limit is none.</exception>
    /// <exception cref="MpiException">MPI could not connect the processes.</exception>
    /// <remarks>
    /// MPICH's launcher does not end the others when a rank ends before it has joined; they would wait for ever.
    /// </remarks>
    private static RankSession Join()
    {
        var text = Environment.GetEnvironmentVariable(TimeoutVariable);
        if (!TryParseTimeout(text, out var seconds))
            throw new InputException(
                $"{TimeoutVariable}={ErrorText.Cut(text!, 80)}: expected seconds, from 1 to 86400.");
        var fault = new ProgramFault(ProgramFault.InternalError, string.Create(
            CultureInfo.InvariantCulture,
            $"another rank has not joined within {seconds} s ({TimeoutVariable} is the limit)."));
        using var limit = new Timer(
            _ => Environment.Exit(EndBeforeJoining(fault)), null, TimeSpan.FromSeconds(seconds),
            Timeout.InfiniteTimeSpan);
        return new(MpiProcessGroup.Start());
    }

    private static bool TryParseTimeout(string? text, out int seconds)
    {
        seconds = DefaultTimeout;
        return string.IsNullOrEmpty(text)
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds)
                && seconds is >= 1 and <= 86_400);
    }

    /// <summary>
    /// Reports a fault without asking the others: one process of each machine does, which mostly all have the same.
    /// </summary>
    /// <returns>The exit code.</returns>
    private static int EndBeforeJoining(ProgramFault fault)
    {
        if (MpiLaunch.Current is { LocalRank: > 0 }) return fault.ExitCode;
        var rank = MpiLaunch.Current?.Rank ?? 0;
        ConsoleOutput.WriteError(
            rank > 0 ? FormattableString.Invariant($"rank {rank}: {fault.Message}") : fault.Message);
        return fault.ExitCode;
    }
}
