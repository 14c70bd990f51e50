using System.CommandLine;
using PyNetSharp.Data;

namespace PyNetSharp.Train;

/// <content>What is otherwise where several processes train together.</content>
internal sealed partial class TrainCommand
{
    /// <exception cref="InputException">An option has no meaning for several processes.</exception>
    private void CheckDistributed(ParseResult parse)
    {
        if (parse.GetResult(seeds) is { Implicit: false })
            throw new InputException("--seeds: the runs of a series are of one process each; run it without mpirun.");
    }

    /// <summary>The folder of the run to resume, as rank 0 sees it: the others need not.</summary>
    private RunFolder? FolderToResume(ParseResult parse)
    {
        if (ranks is null) return run.FolderToResume(parse);
        RunFolder? held = null;
        if (ranks.IsFirst)
        {
            held = run.FolderToResume(parse);
            held?.ReadConfig();
        }

        var text = ranks.Broadcast(held is null ? null : File.ReadAllText(held.ConfigPath));
        if (text.Length == 0 || held is not null) return held;
        held = new(parse.GetValue(run.Resume) ?? parse.GetValue(run.Out)!);
        held.ReadConfig(text);
        return held;
    }

    /// <summary>
    /// Reads the data set. With --download one rank after the other, because those of one machine have one folder.
    /// </summary>
    private TrainTestSplit LoadByTurns(ParseResult parse, Func<TrainTestSplit> load)
    {
        if (ranks is null || !parse.GetValue(data.Download)) return load();
        TrainTestSplit? sets = null;
        for (var rank = 0; rank < ranks.Group.Size; rank++)
        {
            if (rank == ranks.Group.Rank) sets = load();
            ranks.Exchange("");
        }

        return sets!;
    }

    /// <summary>Another device than the file's has threads of its own.</summary>
    private int? ThreadsOf(ParseResult parse, RunConfig? file) =>
        parse.GetValue(device.Threads) ?? (parse.GetValue(device.Name) is null ? file?.Threads : null);

    /// <summary>Opens the device; ranks share the cores of their machine.</summary>
    private Device OpenDevice(string name, int? threads, Precision precision)
    {
        if (ranks is null) return DeviceOptions.Open(name, threads, precision);
        return name == "cpu"
            ? DeviceOptions.Open(name, threads ?? ranks.Places.Threads, precision)
            : throw new InputException(
                $"--device {name}: the ranks of a distributed run compute on the cpu; leave it out.");
    }
}
