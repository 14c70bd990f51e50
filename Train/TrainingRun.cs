namespace PyNetSharp;

/// <summary>One call of <c>pynet train</c>: builds all from the settings, trains, and says what came out.</summary>
internal sealed class TrainingRun(TrainingSettings settings, Screen screen)
{
    private readonly Recipe recipe = settings.Recipe;

    /// <param name="rehearsal">What is compiled beforehand.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">The settings do not fit the data, or training failed.</exception>
    public int Execute(TrainTest data, Rehearsal rehearsal)
    {
        var (train, test) = (settings.Limit is { } limit ? data.Train.First(limit) : data.Train, data.Test);
        if (settings.ResizeIsChosen && train.ItemShape.Rank != 3)
            throw new InputException($"--resize: {recipe.Data} has no images, but items of shape {train.ItemShape}.");

        var device = settings.Device;
        var rng = new Rng(settings.Seed);
        // Over all training items, however few are used: evaluating the weights later knows nothing of --limit.
        var (changed, plain) = (recipe.TransformsFor(data.Train, settings.Augment), recipe.TransformsFor(data.Train));
        var order = rng.Split(2).NextUInt64();
        var trainLoader = new Loader(train, recipe.BatchSize, changed, settings.Shuffle, order, device);
        var testLoader = new Loader(test, recipe.BatchSize, plain, shuffle: false, device: device);

        var model = Build(trainLoader.ItemShape, train.ClassNames.Count, rng);
        var trace = ShapeTrace.Of(model, trainLoader.ItemShape);
        model.To(device);

        var optimizer = recipe.CreateOptimizer(model.Parameters());
        if (settings.Earlier is null) settings.RunFolder.Begin(settings.ToJson());
        try
        {
            using var hold = settings.RunFolder.Lock();
            var history = settings.Earlier is { } earlier ? GoOn(earlier, model, optimizer, trainLoader) : [];
            Describe(trainLoader, testLoader, train, trace);
            rehearsal.Finish(trainLoader, testLoader, train.ClassNames.Count, screen);
            return Train(model, optimizer, trainLoader, testLoader, history);
        }
        catch (Exception) when (settings.Earlier is null)
        {
            settings.RunFolder.Withdraw();
            throw;
        }
    }

    /// <summary>Takes an earlier run up, and writes down that it goes on.</summary>
    private IReadOnlyList<EpochRecord> GoOn(EarlierCall earlier, Module model, Optimizer optimizer, Loader train)
    {
        var run = settings.RunFolder;
        var history = run.Restore(model, optimizer);
        var (epoch, step) = (history[^1].Epoch, history[^1].Step);
        if (history.SkipLast(1).Any(whole => whole.Step != (long)whole.Epoch * train.BatchCount)
            || step <= (epoch - 1L) * train.BatchCount || step > (long)epoch * train.BatchCount)
            throw new InputException(
                $"The run in '{run.Folder}' cannot go on: {train.Count} training items are {train.BatchCount} steps per epoch, " +
                $"but its metrics have step {step} in epoch {epoch}. Are these the data that it began with?");
        if (step >= Steps(train) && history[^1].TestAccuracy is not null)
            throw new InputException(
                $"The run in '{run.Folder}' is complete: {step} steps are done of {Steps(train)}. A larger --epochs or --max-steps " +
                "makes it longer.");
        run.Rewrite(earlier.Merge(settings.ToJson(), step));
        return history;
    }

    private long Steps(Loader train) => Math.Min((long)recipe.Epochs * train.BatchCount, settings.MaxSteps ?? long.MaxValue);

    private Module Build(Shape item, int classes, Rng rng)
    {
        var options = new NetworkOptions(item, classes) { Width = recipe.Width, Dropout = recipe.Dropout };
        var model = settings.Network.Create(options, rng.Split(0));
        if (settings.Earlier is not null) return model;             // its checkpoint has the weights
        if (settings.Weights is { } file) model.Load(file);
        else recipe.Initialise(model, rng.Split(1), settings.Init);
        return model;
    }

    private int Train(Module model, Optimizer optimizer, Loader train, Loader test, IReadOnlyList<EpochRecord> history)
    {
        var display = new TrainingDisplay(screen, recipe.Epochs, Steps(train));
        var title = $"{settings.Network.Name} on {recipe.Data}";
        var recorder = new RunRecorder(settings.RunFolder, model, title, settings.Metadata, optimizer, history);
        var trainer = new Trainer(model, train, test, optimizer, schedule: recipe.CreateSchedule(train.BatchCount))
        {
            EvaluateEvery = recipe.EvaluateEvery,
            MaxSteps = settings.MaxSteps,
            Observers = [recorder, display],
        };

        trainer.GoOnFrom(history);
        if (history.Count > 0) screen.Say($"goes on after step {Figures.Count(trainer.Step)}, in epoch {trainer.Step / train.BatchCount + 1}");

        using var stop = new StopSignals();
        try
        {
            display.Watch(() => trainer.Run(recipe.Epochs, stop.Token));
        }
        finally
        {
            if (trainer.History.Count > 0) Conclude(trainer, recorder.IsUpToDate, stop.Token.IsCancellationRequested);
        }

        return stop.ExitCode;
    }

    private void Describe(Loader train, Loader test, Dataset set, IReadOnlyList<LayerTrace> trace)
    {
        var width = recipe.Width == 1 ? "" : $" at width {Figures.Number(recipe.Width)}";
        screen.Say(
            $"{settings.Network.Name}{width} on {recipe.Data}: {Figures.Count(train.Count)} training and " +
            $"{Figures.Count(test.Count)} test items of {Figures.Extents(train.ItemShape)} in " +
            $"{set.ClassNames.Count} classes");
        LayerTable.Show(screen, trace);

        var inertia = $", momentum {Figures.Number(recipe.Momentum)}{(recipe.Nesterov ? " (Nesterov)" : "")}";
        var momentum = recipe.Optimizer == OptimizerKind.Sgd ? inertia : "";
        var decay = recipe.WeightDecay == 0 ? "" : $", weight decay {Figures.Number(recipe.WeightDecay)}";
        var schedule = recipe.Schedule == "none" ? "" : $", schedule {recipe.Schedule}";
        screen.Say(
            $"{recipe.Optimizer.ToString().ToLowerInvariant()}, learning rate {Figures.Number(recipe.LearningRate)}" +
            $"{momentum}{decay}{schedule}, batch {recipe.BatchSize}, {recipe.Epochs} epochs, seed {settings.Seed}, " +
            (settings.Device is CpuDevice cpu ? $"{cpu.Threads} threads" : $"on {settings.Device} ({settings.Gpu?.Model})"));
    }

    private void Conclude(Trainer trainer, bool isWritten, bool interrupted)
    {
        if (interrupted) screen.Result($"stopped after {Figures.Count(trainer.Step)} steps");
        if (trainer.Best is { TestAccuracy: { } test } best)
            screen.Result($"best test accuracy  {Figures.Percent(test)} in epoch {best.Epoch}");
        if (trainer.BestTrainAccuracy is { } train) screen.Result($"best train accuracy {Figures.Percent(train)}");
        var use = settings.Device.Memory;
        if (settings.Gpu is { } gpu)
            screen.Say(
                $"memory of {settings.Device}: {Figures.Bytes(use.Peak)} in use at most, " +
                $"{Figures.Bytes(use.InUse + use.Cached)} taken, of {Figures.Bytes(gpu.Memory)}");
        if (isWritten) screen.Result($"weights, metrics and curves are in {settings.RunFolder.Folder}");
    }
}
