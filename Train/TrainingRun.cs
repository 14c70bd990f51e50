using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;
using PyNetSharp.Optimizers;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Trains by settings: constructs the model and the loaders, trains, and prints the results.</summary>
internal sealed class TrainingRun(TrainingSettings settings, ConsoleOutput screen)
{
    private readonly Recipe recipe = settings.Recipe;
    private LoadReport? loaded;                 // of the initial weights

    /// <param name="data">The data set of the settings.</param>
    /// <param name="warmUp">Compiles the kernels.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">The settings do not fit the data, or training failed.</exception>
    public int Execute(TrainTestSplit data, WarmUpRun warmUp)
    {
        var (train, test) = (settings.Limit is { } limit ? data.Train.Take(limit) : data.Train, data.Test);
        if (settings.ResizeIsChosen && train.ItemShape.Rank != 3)
            throw new InputException($"--resize: {recipe.Data} has no images, but items of shape {train.ItemShape}.");

        var device = settings.Device;
        var rng = new Rng(settings.Seed);
        // Statistics over all training items, also with --limit, so that 'pynet evaluate' has the same ones.
        var trainTransform = recipe.CreateTransforms(data.Train, settings.Augment);
        var testTransform = recipe.CreateTransforms(data.Train);
        var order = rng.Split(2).NextUInt64();
        var trainLoader = new DataLoader(train, recipe.BatchSize, trainTransform, settings.Shuffle, order, device);
        var testLoader = new DataLoader(test, recipe.BatchSize, testTransform, shuffle: false, device: device);

        var model = Build(trainLoader.ItemShape, train.ClassNames.Count, rng);
        var layers = ModelSummary.Of(model, trainLoader.ItemShape);
        model.To(device);

        var optimizer = recipe.CreateOptimizer(model.Parameters().Where(parameter => parameter.RequiresGrad));
        var schedule = recipe.CreateSchedule(StepsPerEpoch(trainLoader));
        if (settings.ResumedFrom is null) settings.RunFolder.Create(RunConfig.Of(settings));
        try
        {
            using var runLock = settings.RunFolder.Lock();
            var history = settings.ResumedFrom is { } earlier
                ? Resume(earlier, model, optimizer, StateOf(schedule), trainLoader)
                : [];
            WriteDescription(trainLoader, testLoader, train, layers);
            WriteParameters(model);
            warmUp.WaitForKernels(trainLoader, testLoader, train.ClassNames.Count, screen);
            return Train(model, optimizer, schedule, trainLoader, testLoader, history);
        }
        catch (Exception) when (settings.ResumedFrom is null)
        {
            settings.RunFolder.DeleteIfEmpty();
            throw;
        }
    }

    /// <summary>Restores an earlier run's state, and writes that it resumes.</summary>
    private IReadOnlyList<EpochRecord> Resume(
        RunConfig earlier, Module model, Optimizer optimizer, IReadOnlyList<ICheckpointed> others, DataLoader train)
    {
        var run = settings.RunFolder;
        var history = run.LoadCheckpoint(model, optimizer, others);
        var (epoch, step) = (history[^1].Epoch, history[^1].Step);
        var perEpoch = StepsPerEpoch(train);
        if (history.SkipLast(1).Any(whole => whole.Step != (long)whole.Epoch * perEpoch)
            || step <= (epoch - 1L) * perEpoch || step > (long)epoch * perEpoch)
            throw new InputException(
                $"The run in '{run.Folder}' cannot be resumed: {train.Count} training items are {perEpoch} " +
                $"steps per epoch, but its metrics have step {step} in epoch {epoch}. " +
                "Are these the data that it began with?");
        if (step >= Steps(train) && history[^1].TestAccuracy is not null)
            throw new InputException(
                $"The run in '{run.Folder}' is complete: {step} steps are done of {Steps(train)}. " +
                "A larger --epochs or --max-steps makes it longer.");
        run.UpdateConfig(earlier.Resume(RunConfig.Of(settings), step));
        return history;
    }

    /// <summary>The state that a schedule may have, also behind a warm-up.</summary>
    private static ICheckpointed[] StateOf(LearningRateSchedule schedule) =>
        (schedule is LinearWarmupLR warmup ? warmup.Schedule : schedule) is ICheckpointed state ? [state] : [];

    private long Steps(DataLoader train) =>
        Math.Min((long)recipe.Epochs * StepsPerEpoch(train), settings.MaxSteps ?? long.MaxValue);

    private int StepsPerEpoch(DataLoader train) =>
        (train.BatchCount + settings.Accumulate - 1) / settings.Accumulate;

    private Module Build(Shape item, int classes, Rng rng)
    {
        var options = new NetworkOptions(item, classes)
        {
            WidthMultiplier = recipe.WidthMultiplier,
            Dropout = recipe.Dropout,
        };
        if (settings.ResumedFrom is null && settings.Weights is { } file)
            settings.Network.CheckWeights(options, file, withHead: !settings.NewHead);  // before memory is allocated
        var model = settings.Network.Create(options, rng.Split(0));
        if (settings.ResumedFrom is null) InitializeWeights(model, rng.Split(1));      // else the checkpoint has them
        var origin = settings.ResumedFrom is null ? "--freeze" : $"'{settings.RunFolder.ConfigPath}': freeze";
        FrozenModules.Freeze(model, settings.Network, settings.Freeze, origin);
        return model;
    }

    private void InitializeWeights(Module model, Rng rng)
    {
        if (settings.Weights is null || settings.NewHead) recipe.Initialize(model, rng, settings.Init);
        if (settings.Weights is { } file)
            loaded = settings.NewHead ? settings.Network.LoadFeatures(model, file) : model.Load(file);
    }

    private int Train(
        Module model, Optimizer optimizer, LearningRateSchedule schedule, DataLoader train, DataLoader test,
        IReadOnlyList<EpochRecord> history)
    {
        var display = new TrainingDisplay(screen, recipe.Epochs, Steps(train));
        var title = $"{settings.Network.Name} on {recipe.Data}";
        var recorder = new RunRecorder(
            settings.RunFolder, model, title, settings.Metadata, optimizer, history, StateOf(schedule));
        var trainer = new Trainer(model, train, test, optimizer, schedule: schedule)
        {
            AccumulateSteps = settings.Accumulate,
            EvaluateEvery = recipe.EvaluateEvery,
            MaxSteps = settings.MaxSteps,
            Callbacks = [recorder, display],
        };

        trainer.Resume(history);
        if (history.Count > 0)
        {
            var epoch = trainer.Step / trainer.StepsPerEpoch + 1;
            screen.WriteInfo($"resumes after step {NumberFormatting.Count(trainer.Step)}, in epoch {epoch}");
        }

        using var stop = new StopSignals();
        try
        {
            display.RunWithBar(() => trainer.Run(recipe.Epochs, stop.Token));
        }
        finally
        {
            if (trainer.History.Count > 0)
                WriteSummary(trainer, recorder.IsUpToDate, stop.Token.IsCancellationRequested);
        }

        return stop.ExitCode;
    }

    private void WriteDescription(DataLoader train, DataLoader test, Dataset set, IReadOnlyList<LayerSummary> layers)
    {
        var width = recipe.WidthMultiplier == 1 ? "" : $" at width {NumberFormatting.Number(recipe.WidthMultiplier)}";
        screen.WriteInfo(
            $"{settings.Network.Name}{width} on {recipe.Data}: {NumberFormatting.Count(train.Count)} training and " +
            $"{NumberFormatting.Count(test.Count)} test items of {NumberFormatting.Shape(train.ItemShape)} in " +
            $"{set.ClassNames.Count} classes");
        LayerTable.Show(screen, layers);

        var hasMomentum = recipe.Optimizer == OptimizerKind.Sgd
            || recipe is { Optimizer: OptimizerKind.RMSprop, Momentum: > 0 };
        var nesterov = recipe is { Optimizer: OptimizerKind.Sgd, Nesterov: true } ? " (Nesterov)" : "";
        var momentum = hasMomentum
            ? $", momentum {NumberFormatting.Number(recipe.Momentum)}{nesterov}"
            : "";
        var decay = recipe.WeightDecay == 0 ? "" : $", weight decay {NumberFormatting.Number(recipe.WeightDecay)}";
        var schedule = recipe.Schedule is ConstantSchedule ? "" : $", schedule {ScheduleText.Format(recipe.Schedule)}";
        var accumulation = settings.Accumulate == 1 ? "" : $" times {settings.Accumulate}";
        var device = settings.Device is CpuDevice cpu
            ? $"{cpu.Threads} threads"
            : $"on {settings.Device} ({settings.Gpu?.Model})";
        screen.WriteInfo(
            $"{recipe.Optimizer.ToString().ToLowerInvariant()}, " +
            $"learning rate {NumberFormatting.Number(recipe.LearningRate)}{momentum}{decay}{schedule}, " +
            $"batch {recipe.BatchSize}{accumulation}, {recipe.Epochs} epochs, seed {settings.Seed}, {device}");
    }

    /// <summary>Where the weights come from, and which of them are trained.</summary>
    private void WriteParameters(Module model)
    {
        if (loaded is not null)
        {
            var drawn = loaded.Missing.Count == 0 ? "" : $"; drawn anew: {string.Join(", ", loaded.Missing)}";
            screen.WriteInfo($"{settings.Weights}: {loaded.Loaded.Count} tensors loaded{drawn}");
        }

        screen.WriteInfo(FrozenModules.Describe(model, settings.Freeze));
    }

    private void WriteSummary(Trainer trainer, bool isWritten, bool interrupted)
    {
        if (interrupted) screen.WriteResult($"stopped after {NumberFormatting.Count(trainer.Step)} steps");
        if (trainer.Best is { TestAccuracy: { } test } best)
            screen.WriteResult($"best test accuracy  {NumberFormatting.Percent(test)} in epoch {best.Epoch}");
        if (trainer.BestTrainAccuracy is { } train)
            screen.WriteResult($"best train accuracy {NumberFormatting.Percent(train)}");
        var memory = settings.Device.Memory;
        if (settings.Gpu is { } gpu)
            screen.WriteInfo(
                $"memory of {settings.Device}: {NumberFormatting.Bytes(memory.PeakAllocated)} in use at most, " +
                $"{NumberFormatting.Bytes(memory.Allocated + memory.Cached)} allocated, " +
                $"of {NumberFormatting.Bytes(gpu.Memory)}");
        if (isWritten) screen.WriteResult($"weights, metrics and curves are in {settings.RunFolder.Folder}");
    }
}
