namespace PyNetSharp.Tests;

/// <summary>A small network and its training on the exclusive or: four steps per epoch.</summary>
internal static class XorTraining
{
    public const int BatchSize = 50;

    public static TrainTestSplit Xor { get; } = XorGenerator.Generate(seed: 1, train: 200, test: 100);

    public static Trainer NewTrainer(
        Module model, float rate = 0.1f, RecordingCallback? recorder = null, int evaluateEvery = 1,
        long? maxSteps = null, LearningRateSchedule? schedule = null)
    {
        var optimizer = new Sgd(model.Parameters(), rate, momentum: 0.9f);
        return new(model, NewLoader(Xor.Train, shuffle: true), NewLoader(Xor.Test), optimizer, schedule: schedule)
        {
            EvaluateEvery = evaluateEvery,
            MaxSteps = maxSteps,
            Callbacks = recorder is null ? [] : [recorder],
        };
    }

    public static DataLoader NewLoader(Dataset data, bool shuffle = false) =>
        new(data, BatchSize, shuffle: shuffle, seed: 2);

    public static Sequential Perceptron()
    {
        var rng = new Rng(3);
        return new(new Linear(2, 16, rng), new ReLU(), new Linear(16, 2, rng));
    }

    public static float[] Numbers(Module model) => [.. model.State().SelectMany(s => s.Tensor.ToArray())];
}

/// <summary>Records what a trainer calls.</summary>
internal sealed class RecordingCallback : ITrainingCallback
{
    public List<StepRecord> Steps { get; } = [];

    public List<(EpochRecord Epoch, bool IsBest)> Epochs { get; } = [];

    public List<float[]> Weights { get; } = [];

    public Module? Model { get; init; }

    public Action<StepRecord> OnStep { get; init; } = _ => { };

    public void OnStepEnd(StepRecord step)
    {
        Steps.Add(step);
        if (Model is not null) Weights.Add(XorTraining.Numbers(Model));
        OnStep(step);
    }

    public void OnEpochEnd(EpochRecord epoch, bool isBest) => Epochs.Add((epoch, isBest));
}
