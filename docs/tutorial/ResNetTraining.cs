namespace Tutorial;

/// <summary>docs/tutorial.md, "A ResNet-18 for CIFAR-10": a loop of one's own, and the trainer's.</summary>
public static class ResNetTraining
{
    // begin
    public static Optimizer CreateOptimizer(Module model, float learningRate)
    {
        var groups = ParameterGroups.WithoutDecayOnBiasesAndNorms(model, weightDecay: 5e-4f);
        return new Sgd(groups, learningRate, momentum: 0.9f, nesterov: true);
    }

    /// <summary>Trains with the one-cycle policy, one step per batch.</summary>
    /// <returns>The loss of each step.</returns>
    public static List<float> Train(Module model, IEnumerable<Batch> batches, int steps, float learningRate)
    {
        var optimizer = CreateOptimizer(model, learningRate);
        var schedule = new OneCycleLR(steps);
        var losses = new List<float>();
        foreach (var (x, labels) in batches.Take(steps))
        {
            optimizer.LearningRate = schedule.At(losses.Count, learningRate);
            optimizer.ZeroGrad();
            var loss = model.Forward(x).CrossEntropy(labels);
            loss.Backward();
            optimizer.Step();
            losses.Add(loss.Item());
        }

        return losses;
    }
    // end

    // begin
    public static DataLoader CreateLoader(Dataset images, int batchSize) => new(
        images, batchSize,
        new Compose(
            new RandomCrop(32, 32, padding: 4), new RandomHorizontalFlip(),
            new Normalize([0.4914f, 0.4822f, 0.4465f], [0.2470f, 0.2435f, 0.2616f])),
        seed: 1);

    public static Trainer Train(Module model, DataLoader train, float learningRate, int epochs, ILoss? loss = null)
    {
        var schedule = new OneCycleLR(epochs * train.BatchCount);
        var trainer = new Trainer(
            model, train, test: null, CreateOptimizer(model, learningRate), loss, schedule);
        trainer.Run(epochs);
        return trainer;
    }
    // end

    /// <summary>A few steps of a narrow network on images that the library generates.</summary>
    public static void Run()
    {
        // begin
        var images = ShapesGenerator.Generate(seed: 1, train: 32, test: 1).Train;
        var model = new ResNet18(classes: 10, new Rng(seed: 1), width: 4);
        var trainer = Train(model, CreateLoader(images, batchSize: 8), 0.05f, epochs: 1, new FocalLoss());
        Console.WriteLine($"{trainer.Step} steps");
        // end
    }

    /// <summary>Two hundred steps on CIFAR-10.</summary>
    /// <param name="folder">The folder that holds <c>cifar10</c>.</param>
    /// <param name="width">Channels of the first stage: 64 for the ResNet-18 of the paper.</param>
    public static List<float> TrainOnCifar10(string folder, int width)
    {
        // begin
        var (train, _) = DataCatalog.Load("cifar10", folder);
        var model = new ResNet18(classes: 10, new Rng(seed: 1), width);
        return Train(model, CreateLoader(train, batchSize: 32).Epoch(1), steps: 200, learningRate: 0.1f);
        // end
    }
}
