using System.Runtime.InteropServices;
using System.Text;
using PyNetSharp.Data;
using PyNetSharp.Distributed;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>What ranks say to each other before and after the training, and how they end.</summary>
/// <remarks>
/// Until <see cref="Begin"/> each rank tells the others, by the next exchange, whether it has failed: so all end
/// together, with one line. During the training a rank that fails ends the others at once.
/// </remarks>
/// <param name="group">This process and the others.</param>
internal sealed class RankSession(MpiProcessGroup group)
{
    private const int MaxTextBytes = 1 << 20, MaxNamedProcesses = 16;
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(3);

    /// <summary>MPICH's launcher drops what it has not yet read from the ranks when one of them aborts.</summary>
    private static readonly TimeSpan ForwardingTime = TimeSpan.FromMilliseconds(300);

    /// <summary>This process and the others.</summary>
    public MpiProcessGroup Group => group;

    /// <summary>Where the ranks run.</summary>
    public RankPlaces Places { get; } = RankThreads.Find(group);

    /// <summary>Whether this rank prints and writes files.</summary>
    public bool IsFirst => group.Rank == 0;

    /// <summary>Whether the training has begun: a fault is then that of one rank.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The training begins: from now on the trainer's exchanges are the only ones.</summary>
    public void Begin() => HasBegun = true;

    /// <summary>Waits for all ranks, and gives each the texts of all.</summary>
    /// <exception cref="RanksFailedException">A rank has failed.</exception>
    public IReadOnlyList<string> Exchange(string text)
    {
        var reports = Exchange(new Report(0, text));
        return reports.Any(report => report.ExitCode != 0)
            ? throw new RanksFailedException(reports)
            : [.. reports.Select(report => report.Text)];
    }

    /// <summary>Gives every rank a text of rank 0.</summary>
    /// <exception cref="RanksFailedException">A rank has failed.</exception>
    public string Broadcast(string? text) => Exchange(IsFirst ? text ?? "" : "")[0];

    /// <summary>Checks that the ranks agree on what they are going to train.</summary>
    /// <exception cref="InputException">They do not.</exception>
    public void Compare(TrainingSettings settings, TrainTestSplit data)
    {
        _ = new ShardPlan(settings.Shards, group.Rank, group.Size);
        RankFacts.Compare(this, RunConfig.Of(settings), ("training", data.Train), ("test", data.Test));
    }

    /// <summary>After the last step: if one rank was told to stop, all were, with its exit code.</summary>
    /// <returns>The exit code; 0 if none was.</returns>
    public int AgreeOnStop(StopSignals stop)
    {
        var exitCode = Exchange(new Report(stop.ExitCode, "")).Max(report => report.ExitCode);
        stop.StopWith(exitCode);
        return exitCode;
    }

    /// <summary>Where the ranks run, and with which library.</summary>
    public string Describe()
    {
        var (size, threads) = (NumberFormatting.Count(group.Size), NumberFormatting.Count(Places.Threads, "thread"));
        var where = Places.Hosts == 1 ? "on this machine" : $"on {NumberFormatting.Count(Places.Hosts)} machines";
        var bound = Places.IdleCores == 0 ? "" :
            $"; {NumberFormatting.Count(Places.IdleCores, "core")} of this machine cannot be used by them, because " +
            "they are bound to others: mpirun --bind-to none";
        // MPICH's launcher names a process that was killed, not its rank.
        var processes = group.Size > MaxNamedProcesses ? ""
            : $" (processes {string.Join(", ", Places.Processes)})";
        return $"{size} {where}{processes}, by default with {threads} each; {group.Library}{bound}";
    }

    /// <summary>Ends the command: the ranks leave the group together.</summary>
    /// <param name="exitCode">This rank's.</param>
    /// <returns>The exit code of all: the highest.</returns>
    public int End(int exitCode)
    {
        exitCode = Exchange(new Report(exitCode, "")).Max(report => report.ExitCode);
        // MPICH's launcher returns 0 where it passed a signal on, whatever the ranks return, unless one aborts.
        if (exitCode != 0 && HasBegun && IsFirst) AbortAfterOutput(exitCode);
        group.Close();
        return exitCode;
    }

    /// <summary>Reports a fault, and ends all ranks.</summary>
    /// <returns>The exit code.</returns>
    public int EndByFault(Exception fault)
    {
        var (exitCode, message) = ProgramFault.Of(fault);
        if (fault is RanksFailedException failed) return EndTogether(failed.Reports);
        if (!HasBegun && fault is not MpiException) return EndTogether(Exchange(new Report(exitCode, message)));
        if (!IsOfAll(fault))
        {
            Write($"rank {group.Rank} of {group.Size}: {message}", fault);
            AbortAfterOutput(exitCode);
        }
        else if (!IsFirst)
        {
            group.Close();                  // waits for rank 0, which writes its files first
        }
        else
        {
            Write(message, fault);
            CloseOrAbort(exitCode);
        }

        return exitCode;
    }

    /// <summary>Whether all ranks have the same fault after the same exchange.</summary>
    private static bool IsOfAll(Exception fault) => fault is DivergenceException or DeadReluException;

    private static void Write(string line, Exception fault)
    {
        ConsoleOutput.WriteError(line);
        Program.WriteDetails(fault);
    }

    private int EndTogether(IReadOnlyList<Report> reports)
    {
        if (IsFirst) ConsoleOutput.WriteError(Describe(reports));
        group.Close();
        return reports.Max(report => report.ExitCode);
    }

    /// <summary>One line: what all have in common, or the first rank's that failed.</summary>
    private static string Describe(IReadOnlyList<Report> reports)
    {
        var rank = reports.ToList().FindIndex(report => report.ExitCode != 0);
        return reports.All(report => report == reports[0])
            ? reports[0].Text
            : FormattableString.Invariant($"rank {rank} of {reports.Count}: {reports[rank].Text}");
    }

    /// <summary>Ends all ranks, when the launcher has had time to print what this one has written.</summary>
    private void AbortAfterOutput(int exitCode)
    {
        Thread.Sleep(ForwardingTime);
        group.Abort(exitCode);
    }

    /// <summary>The others are leaving the group already; if not, they must not keep this one waiting.</summary>
    private void CloseOrAbort(int exitCode)
    {
        using var limit = new Timer(_ => group.Abort(exitCode), null, ClosingTime, Timeout.InfiniteTimeSpan);
        group.Close();
    }

    private Report[] Exchange(Report own)
    {
        var text = Encoding.UTF8.GetBytes(own.Text);
        if (text.Length > MaxTextBytes) text = text[..MaxTextBytes];
        int[] header = [own.ExitCode, text.Length], headers = new int[2 * group.Size];
        group.AllGather(MemoryMarshal.AsBytes<int>(header), MemoryMarshal.AsBytes(headers.AsSpan()));

        var longest = Enumerable.Range(0, group.Size).Max(rank => headers[2 * rank + 1]);
        var texts = new byte[longest * group.Size];
        Array.Resize(ref text, longest);
        group.AllGather(text, texts);
        return
        [
            .. Enumerable.Range(0, group.Size).Select(rank => new Report(
                headers[2 * rank], Encoding.UTF8.GetString(texts, rank * longest, headers[2 * rank + 1]))),
        ];
    }

    /// <summary>What a rank says.</summary>
    /// <param name="ExitCode">0 if it has not failed.</param>
    /// <param name="Text">Its message, or what it has to say.</param>
    internal sealed record Report(int ExitCode, string Text);

    /// <summary>Another rank has failed, or this one and others.</summary>
    internal sealed class RanksFailedException(IReadOnlyList<Report> reports) : Exception
    {
        public IReadOnlyList<Report> Reports => reports;
    }
}
