using PyNetSharp.Layers;
using PyNetSharp.Optimizers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <content>What the processes of a distributed run have in common.</content>
internal sealed partial class TrainingRun
{
    private const string CompleteText = "complete";         // that the run has no steps left

    private Trainer CreateTrainer(
        Module model, RunParts parts, Optimizer optimizer, LearningRateSchedule? schedule,
        IReadOnlyList<ITrainingCallback> callbacks, Action<DataPart, Evaluation>? evaluated = null,
        PauseGate? gate = null)
    {
        var loss = new CrossEntropyLoss(labelSmoothing: (float)regularization.LabelSmoothing);
        var trainer = new Trainer(model, parts.Train, parts.Test, optimizer, loss, schedule)
        {
            EvaluationLoss = new CrossEntropyLoss(),
            MaxGradientNorm = (float?)regularization.GradientClip,
            Patience = regularization.Patience,
            AccumulateSteps = settings.Accumulate,
            Shards = settings.Shards,
            Group = Ranks?.Group,
            Validation = parts.Validation,
            EvaluateEvery = recipe.EvaluateEvery,
            TestEvery = recipe.TestEvery,
            MaxSteps = settings.MaxSteps,
            RollbackFactor = settings.Checkpoints.RollbackFactor,
            Callbacks = callbacks,
            Evaluated = evaluated,
            Gate = gate,
        };
        if (Ranks is not null) trainer.CheckShards();           // while they still end together, with one line
        return trainer;
    }

    /// <summary>Trains in a process that neither prints nor writes: its state is that of rank 0.</summary>
    /// <returns>The exit code.</returns>
    private int TrainBesideWriter(
        Module model, RunParts parts, Optimizer optimizer, LearningRateSchedule? schedule, StopSignals stop)
    {
        AveragedWeights[] averaging = regularization.Ema is { } decay
            ? [new(new ExponentialMovingAverage(model, decay))] : [];
        var trainer = CreateTrainer(model, parts, optimizer, schedule, averaging);
        if (Ranks!.Broadcast(null) == CompleteText) return 0;
        Ranks.Begin();
        trainer.Run(recipe.Epochs, stop.Token);
        if (Ranks.AgreeOnStop(stop) == 0 && trainer.Best is { ValidationAccuracy: not null, TestAccuracy: null })
            TestBest(trainer, parts.Test, Ranks.Group, stop.Token);
        return stop.ExitCode;           // of a signal in that test, too
    }
}
