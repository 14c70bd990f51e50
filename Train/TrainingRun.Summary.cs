using System.Globalization;
using PyNetSharp.Data;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <content>What is said when training ends, and how it goes on.</content>
internal sealed partial class TrainingRun
{
    /// <summary>The command that continues a stopped run; null if it is complete, or would stop again.</summary>
    private string? ContinuingCommand(Trainer trainer, RunRecorder recorder, Exception? fault)
    {
        var folder = recorder.OtherFolder ?? settings.RunFolder.Folder;
        var hasState = CheckpointFolder.Find(folder).Any(checkpoint => checkpoint.Step > 0 || fault is null);
        if (!hasState || trainer.IsComplete(recipe.Epochs) || fault is DeadReluException) return null;
        if (fault is null && SeriesCommand is not null) return SeriesCommand;
        if (fault is not DivergenceException) return Launch(ShellCommand.Resume(folder));
        return settings.Checkpoints.RollbackFactor is null
            ? Launch(ShellCommand.Resume(folder, "--on-divergence", "rollback:0.5"))
            : null;

        string Launch(string command) => Ranks is null ? command
            : string.Create(CultureInfo.InvariantCulture, $"mpirun -n {Ranks.Group.Size} {command}");
    }

    private static string EndText(Trainer trainer, bool isComplete, string? command, CancellationToken stop)
    {
        if (isComplete) return "complete";
        var how = stop.IsCancellationRequested ? "stopped" : "ended by a fault";
        var next = command is null ? "" : $"; to continue: {command}";
        return $"{how} after {NumberFormatting.Count(trainer.Step, "step")}{next}";
    }

    private void WriteAddress(ReportServer server, LiveRun live, long steps)
    {
        (live.Epochs, live.Steps) = (recipe.Epochs, steps);
        live.Gate.Changed = isWaiting =>
        {
            live.OnPause(isWaiting);
            screen.WriteResult(isWaiting ? "paused in the browser" : "training goes on");
        };
        screen.WriteResult($"the training is shown at {server.Address}");
    }

    /// <returns>The best epoch's weights on the test items, which they were not tested on before.</returns>
    private Evaluation? WriteSummary(
        Trainer trainer, DataLoader? test, bool isWritten, bool isTested, CancellationToken stop)
    {
        Evaluation? tested = null;
        if (stop.IsCancellationRequested)
            screen.WriteResult($"stopped after {NumberFormatting.Count(trainer.Step, "step")}");
        if (trainer.HasStoppedEarly)
            screen.WriteResult(
                $"stopped early: no better validation accuracy in {regularization.Patience} epochs");
        if (trainer.Best is { ValidationAccuracy: { } chosen } best)
        {
            screen.WriteResult($"best validation accuracy {NumberFormatting.Percent(chosen)} in epoch {best.Epoch}");
            if (best.TestAccuracy is null && isTested) tested = TestBest(trainer, test, Ranks?.Group, stop);
            if ((best.TestAccuracy ?? tested?.Accuracy) is { } measured && !stop.IsCancellationRequested)
                screen.WriteResult($"its test accuracy        {NumberFormatting.Percent(measured)}");
        }
        else if (trainer.Best is { TestAccuracy: { } accuracy } chooser)
        {
            screen.WriteResult($"best test accuracy  {NumberFormatting.Percent(accuracy)} in epoch {chooser.Epoch}");
        }

        if (trainer.BestTrainAccuracy is { } train)
            screen.WriteResult($"best train accuracy {NumberFormatting.Percent(train)}");
        if (test is null) screen.WriteResult("not evaluated (--evaluate never)");
        else if (settings.EvaluateLimit is { } limit)
            screen.WriteResult(
                $"measured on {NumberFormatting.Count(limit, "item")} of each part at most (--evaluate-limit)");
        var memory = settings.Device.Memory;
        if (settings.Gpu is { } gpu)
            screen.WriteInfo(
                $"memory of {settings.Device}: {NumberFormatting.Bytes(memory.PeakAllocated)} in use at most, " +
                $"{NumberFormatting.Bytes(memory.Allocated + memory.Cached)} allocated, " +
                $"of {NumberFormatting.Bytes(gpu.Memory)}");
        if (!isWritten) return tested;
        var files = trainer.History.Count > 0 ? "weights, metrics, curves and report are" : "its checkpoint is";
        screen.WriteResult($"{files} in {settings.RunFolder.Folder}");
        return tested;
    }

    /// <summary>Evaluates the best epoch's weights, which are put into the model.</summary>
    /// <returns>Null without test items, if the test was stopped, or if the weights are not at hand.</returns>
    private static Evaluation? TestBest(
        Trainer trainer, DataLoader? test, IProcessGroup? group, CancellationToken stop)
    {
        if (test is null || !trainer.BestWeights().Any()) return null;
        trainer.RestoreBest();
        return new PeriodicEvaluation(trainer.Model, test) { Group = group }.Run(cancellation: stop);
    }
}
