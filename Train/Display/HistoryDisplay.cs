using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>
/// Where a training is evaluated every few epochs only: prints then, and at the end, the best accuracies and the lists
/// of losses and accuracies.
/// </summary>
/// <param name="screen">Where to print.</param>
/// <param name="every">The epochs from one evaluation to the next; with 1, the line of each epoch says it all.</param>
internal sealed class HistoryDisplay(ConsoleOutput screen, int every) : ITrainingCallback
{
    private EpochRecord? shown;             // the last epoch of the lists

    public void OnCheckpoint(Trainer trainer, CheckpointMoment moment)
    {
        if (every == 1 || trainer.History is not [.., var last] || last == shown) return;
        var isEvaluated = (last.ValidationAccuracy ?? last.TestAccuracy) is not null;
        if (moment != CheckpointMoment.End && (moment != CheckpointMoment.Epoch || !isEvaluated)) return;
        shown = last;
        Write("losses:", trainer.History.Select(epoch => (double?)epoch.TrainLoss), NumberFormatting.Loss);
        WriteAccuracies("train", trainer.History.Select(e => e.TrainAccuracy));
        WriteAccuracies("validation", trainer.History.Select(e => e.ValidationAccuracy));
        WriteAccuracies("test", trainer.History.Select(e => e.TestAccuracy));
    }

    private void WriteAccuracies(string part, IEnumerable<double?> accuracies)
    {
        var atBest = accuracies.Max() is { } share ? $", at best {NumberFormatting.Percent(share)}" : "";
        Write($"{part} accuracies{atBest}:", accuracies, NumberFormatting.Percent);
    }

    /// <summary>The numbers that were measured, in indented lines.</summary>
    private void Write(string title, IEnumerable<double?> numbers, Func<double, string> format)
    {
        string[] measured = [.. numbers.OfType<double>().Select(format)];
        if (measured.Length > 0) screen.WriteInfo($"{title}\n  {string.Join("  ", measured)}");
    }
}
