namespace Tutorial;

// begin
/// <summary>Prints a line per epoch.</summary>
public sealed class EpochPrinter : ITrainingCallback
{
    public void OnEpochEnd(EpochRecord epoch, bool isBest) =>
        Console.WriteLine($"epoch {epoch.Epoch}: {epoch.Step} steps, learning rate {epoch.LearningRate}");
}
// end

/// <summary>docs/tutorial.md, "With the Trainer": what it prints is quoted there.</summary>
public static class TrainerChapter
{
    public static void Run()
    {
        var folder = Directory.CreateTempSubdirectory("tutorial");
        try
        {
            Run(Path.Combine(folder.FullName, "shapes.safetensors"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // begin
    private static Sequential Features(Rng rng) => new(
        new Conv2d(3, 16, 5, rng, stride: 2, padding: 2), new ReLU(), new MaxPool2d(2), new Flatten());
    // end

    private static void Run(string path)
    {
        // begin
        var (train, test) = ShapesGenerator.Generate(seed: 1, train: 200, test: 50);
        var toUnit = new Normalize([0.5f], [0.5f]);
        var batches = new DataLoader(train, batchSize: 25, toUnit, seed: 1);
        var testBatches = new DataLoader(test, batchSize: 50, toUnit, shuffle: false);

        var rng = new Rng(seed: 1);
        var model = new Sequential(("features", Features(rng)), ("head", new Linear(1024, 10, rng)));
        var optimizer = new Adam(model.Parameters(), learningRate: 0.002f);
        var trainer = new Trainer(model, batches, testBatches, optimizer, schedule: new StepLR(16, gamma: 0.5))
        {
            Callbacks = [new EpochPrinter()],
        };
        trainer.Run(epochs: 3);

        model.Save(path);
        // end

        // begin
        var (first, last) = (trainer.History[0], trainer.History[^1]);
        Console.WriteLine(last.TrainLoss < first.TrainLoss);
        Console.WriteLine(last.TestAccuracy == Evaluation.Run(model, testBatches).Accuracy);
        Console.WriteLine(optimizer);
        // end

        // begin
        var head = new Sequential(new Linear(1024, 32, rng), new ReLU(), new Linear(32, 10, rng));
        var tuned = new Sequential(("features", Features(rng)), ("head", head));
        Console.WriteLine(tuned.Load(path, strict: false));
        // end

        // begin
        tuned["features"].Freeze();
        var average = new ExponentialMovingAverage(tuned, decay: 0.9);
        var tuning = new Trainer(
            tuned, batches, testBatches, new AdamW(head.Parameters(), learningRate: 0.005f))
        {
            AccumulateSteps = 2,                                // a step has the gradients of two batches
            Callbacks = [new AveragedWeights(average)],         // evaluates with the averaged weights
        };
        tuning.Run(epochs: 3);
        Console.WriteLine($"{tuning.Step} steps, {average.Updates} updates of the average");

        using (average.Apply()) tuned.Save(path);
        // end
    }
}
