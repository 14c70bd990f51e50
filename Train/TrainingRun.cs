using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Trains by settings: constructs the model and the loaders, trains, and prints the results.</summary>
internal sealed class TrainingRun(TrainingSettings settings, ConsoleOutput screen)
{
    private readonly Recipe recipe = settings.Recipe;
    private LoadReport? loaded;                 // of the initial weights
    private bool startsAnew;                    // without a checkpoint

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

        using var stop = new StopSignals();             // before the folder is claimed
        using var run = settings.RunFolder;
        if (settings.ResumedFrom is not null) run.Lock();
        startsAnew = settings.ResumedFrom is null || !run.HasCheckpoint;
        var model = Build(trainLoader.ItemShape, train.ClassNames.Count, rng);
        var layers = ModelSummary.Of(model, trainLoader.ItemShape);
        model.To(device);

        var optimizer = recipe.CreateOptimizer(model.Parameters().Where(parameter => parameter.RequiresGrad));
        var schedule = recipe.CreateSchedule(StepsPerEpoch(trainLoader));
        if (settings.ResumedFrom is null) run.Create(RunConfig.Of(settings));
        try
        {
            var display = new TrainingDisplay(screen, recipe.Epochs, Steps(trainLoader));
            var title = $"{settings.Network.Name} on {recipe.Data}";
            var policy = settings.Checkpoints;
            var recorder = new RunRecorder(
                run, title, screen.WriteResult, settings.Metadata, policy.Every, policy.Keep);
            var trainer = new Trainer(model, trainLoader, testLoader, optimizer, schedule: schedule)
            {
                AccumulateSteps = settings.Accumulate,
                EvaluateEvery = recipe.EvaluateEvery,
                MaxSteps = settings.MaxSteps,
                RollbackFactor = policy.RollbackFactor,
                Callbacks = [recorder, display],
            };
            if (settings.ResumedFrom is { } earlier && !Resume(earlier, trainer, recorder, trainLoader)) return 0;
            WriteDescription(trainLoader, testLoader, train, layers);
            WriteParameters(model);
            warmUp.WaitForKernels(trainLoader, testLoader, train.ClassNames.Count, screen, stop.Token);
            return Train(trainer, display, recorder, stop);
        }
        catch (Exception) when (settings.ResumedFrom is null)
        {
            run.DeleteIfEmpty();
            throw;
        }
    }

    /// <summary>Restores an earlier run's state, and writes that it resumes.</summary>
    /// <returns>False if it is complete, and that is no error.</returns>
    private bool Resume(RunConfig earlier, Trainer trainer, RunRecorder recorder, DataLoader train)
    {
        var run = settings.RunFolder;
        if (settings.Checkpoints.RollbackFactor is null) run.ThrowIfDiverged();
        var step = run.Restore(trainer, fault => screen.WriteResult($"warning: {fault}"));
        recorder.Resume(trainer, step);
        if (trainer.IsComplete(recipe.Epochs))
        {
            var message =
                $"The run in '{run.Folder}' is complete: {trainer.Step} steps are done of {Steps(train)}. " +
                "A larger --epochs or --max-steps makes it longer.";
            if (!settings.AcceptsComplete) throw new InputException(message);
            screen.WriteResult(message);
            return false;
        }

        run.UpdateConfig(earlier.Resume(RunConfig.Of(settings), trainer.Step));
        var epoch = trainer.Step / trainer.StepsPerEpoch + 1;
        screen.WriteInfo(
            step is null ? "resumes at its beginning: there is no checkpoint"
            : $"resumes after step {NumberFormatting.Count(trainer.Step)}, in epoch {epoch}");
        return true;
    }

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
        // Before memory is allocated for what a file says:
        if (!startsAnew) settings.RunFolder.CheckWeights(settings.Network, options);
        else if (settings.Weights is { } file)
            settings.Network.CheckWeights(options, file, withHead: !settings.NewHead);
        var model = settings.Network.Create(options, rng.Split(0));
        if (startsAnew) InitializeWeights(model, rng.Split(1));         // else the checkpoint has them
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

    private int Train(Trainer trainer, TrainingDisplay display, RunRecorder recorder, StopSignals stop)
    {
        try
        {
            display.RunWithBar(() => trainer.Run(recipe.Epochs, stop.Token));
        }
        finally
        {
            if (trainer.History.Count > 0 || stop.Token.IsCancellationRequested)
                WriteSummary(trainer, recorder.IsUpToDate, stop.Token.IsCancellationRequested);
        }

        return recorder.OtherFolder is not null && stop.ExitCode == 0 ? 1 : stop.ExitCode;
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
