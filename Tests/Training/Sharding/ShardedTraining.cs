namespace PyNetSharp.Tests;

/// <summary>
/// A training of batches in shards: convolution, batch norm, both dropouts, random transforms, an average of the
/// weights, a schedule with a state. 26 items in batches of 8: the last batch has two, less than a shard each.
/// </summary>
internal sealed class ShardedTraining
{
    public const int Epochs = 3, Items = 26, BatchSize = 8;

    private static readonly TrainTestSplit Images = ShapesGenerator.Generate(seed: 1, train: Items, test: 21);
    private static readonly TrainTestSplit Other = ShapesGenerator.Generate(seed: 2, train: 13, test: 3);

    private readonly Sequential model;

    /// <param name="group">The processes; null for one.</param>
    /// <param name="setup">What is not as usual.</param>
    /// <param name="callbacks">Of this process.</param>
    public ShardedTraining(IProcessGroup? group = null, Setup? setup = null, params ITrainingCallback[] callbacks)
    {
        setup ??= new();
        var rng = new Rng(setup.Seed);
        model = new(
            new Conv2d(3, 4, 3, rng, padding: 1), new BatchNorm2d(4), new Dropout2d(rng.Split(), 0.2f), new ReLU(),
            new GlobalAvgPool2d(), new Flatten(), new Dropout(rng.Split(), 0.3f),
            new Linear(4, Images.Train.ClassNames.Count, rng));
        var extent = Images.Train.ItemShape[1];
        var train = new DataLoader(
            Images.Train, BatchSize, new Compose(new RandomCrop(extent, extent, 2), new RandomHorizontalFlip()),
            seed: 3)
        {
            Mixup = setup.Mixup ? new(1) : null,
        };
        Trainer = new(
            model, train, new(Images.Test, 4, shuffle: false), new Adam(model.Parameters(), 0.01f),
            setup.Loss ?? new CrossEntropyLoss(labelSmoothing: 0.1f),
            new LinearWarmupLR(2, new ReduceLROnPlateau(PlateauMode.Max, factor: 0.5, patience: 0)))
        {
            Shards = setup.Shards,
            Group = group,
            AccumulateSteps = setup.Accumulate,
            MaxGradientNorm = 0.3f,
            Validation = new(Other.Train, 4, shuffle: false),
            EvaluationLoss = new CrossEntropyLoss(),
            Patience = 2,
            MaxSteps = setup.MaxSteps,
            RollbackFactor = setup.Rollback,
            Callbacks = [new AveragedWeights(new(model, 0.9)), .. callbacks],
        };
    }

    public Trainer Trainer { get; }

    /// <summary>The bits of all tensors of the state and of the best epoch's weights, and all generators.</summary>
    public long[] State =>
    [
        .. Trainer.State().Concat(Trainer.BestState())
            .SelectMany(s => s.Tensor.ToArray()).Select(value => (long)BitConverter.SingleToInt32Bits(value)),
        .. model.Generators().Select(generator => (long)generator.Rng.State),
    ];

    /// <summary>The results of the epochs, without the times.</summary>
    public EpochRecord[] History =>
        [.. Trainer.History.Select(epoch => epoch with { Seconds = 0, ImagesPerSecond = 0, TestSeconds = null })];

    /// <summary>Trains, and returns the state and the results.</summary>
    public (long[] State, EpochRecord[] History) Run(int epochs = Epochs)
    {
        Trainer.Run(epochs);
        return (State, History);
    }

    /// <summary>The results of one process per rank that train together.</summary>
    public static (long[] State, EpochRecord[] History)[] RunRanks(int ranks, Setup setup, int epochs = Epochs) =>
        LocalProcessGroup.Run(ranks, group => new ShardedTraining(group, setup).Run(epochs));

    /// <summary>What differs from one training to another.</summary>
    internal sealed record Setup
    {
        public int Shards { get; init; } = 4;

        public ulong Seed { get; init; } = 5;

        public bool Mixup { get; init; }

        public int Accumulate { get; init; } = 1;

        public long? MaxSteps { get; init; }

        public double? Rollback { get; init; }

        public ILoss? Loss { get; init; }
    }
}
