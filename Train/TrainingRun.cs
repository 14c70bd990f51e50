using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Trains by settings: constructs the model and the loaders, trains, and prints the results.</summary>
internal sealed class TrainingRun(TrainingSettings settings, ConsoleOutput screen)
{
    private readonly Recipe recipe = settings.Recipe;
    private readonly Regularization regularization = settings.Regularization;
    private LoadReport? loaded;                 // of the initial weights
    private bool startsAnew;                    // without a checkpoint

    /// <param name="data">The data set of the settings.</param>
    /// <param name="warmUp">Compiles the kernels.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">The settings do not fit the data, or training failed.</exception>
    public int Execute(TrainTestSplit data, WarmUpRun warmUp)
    {
        var (whole, test) = (settings.Limit is { } limit ? data.Train.Take(limit) : data.Train, data.Test);
        var (train, validation) = HoldOut(whole);
        if (settings.ResizeIsChosen && train.ItemShape.Rank != 3)
            throw new InputException($"--resize: {recipe.Data} has no images, but items of shape {train.ItemShape}.");

        var device = settings.Device;
        var rng = new Rng(settings.Seed);
        // Statistics over all training items, also with --limit, so that 'pynet evaluate' has the same ones.
        var augment = regularization.Augment;
        var trainTransform = augment?.CreateTransforms(recipe, data.Train) ?? recipe.CreateTransforms(data.Train);
        var testTransform = recipe.CreateTransforms(data.Train);
        var order = rng.Split(2).NextUInt64();
        var trainLoader = new DataLoader(train, recipe.BatchSize, trainTransform, settings.Shuffle, order, device)
        {
            Mixup = augment?.Mixup,
        };
        var testLoader = new DataLoader(test, recipe.BatchSize, testTransform, shuffle: false, device: device);
        var validationLoader = validation is null ? null
            : new DataLoader(validation, recipe.BatchSize, testTransform, shuffle: false, device: device);

        using var stop = new StopSignals();             // before the folder is claimed, as the server
        var live = settings.ServePort is null ? null : new LiveRun(new(), stop.Stop);
        using var server = live is null ? null : ReportServer.Start(live, settings.ServePort!.Value);
        using var run = settings.RunFolder;
        if (settings.ResumedFrom is not null) run.Lock();
        startsAnew = settings.ResumedFrom is null || !run.HasCheckpoint;
        var model = Build(trainLoader.ItemShape, train.ClassNames.Count, rng);
        var layers = ModelSummary.Of(model, trainLoader.ItemShape);
        ActivationMemory.Check(device, layers, trainLoader.ItemShape, recipe.BatchSize, isTraining: true);
        model.To(device);

        var optimizer = recipe.CreateOptimizer(model.Parameters().Where(parameter => parameter.RequiresGrad));
        var schedule = recipe.CreateSchedule(StepsPerEpoch(trainLoader));
        if (settings.ResumedFrom is null) run.Create(RunConfig.Of(settings));
        try
        {
            var display = new TrainingDisplay(screen, recipe, Steps(trainLoader)) { Gate = live?.Gate };
            var title = $"{settings.Network.Name} on {recipe.Data}";
            var policy = settings.Checkpoints;
            var recorder = new RunRecorder(
                run, title, screen.WriteResult, settings.MetadataOf(train), policy.Every, policy.Keep,
                recipe.SaveEvery)
            {
                Average = regularization.Ema is { } decay ? new(model, decay) : null,
            };
            var report = new ReportRecorder(
                recorder, run, title, layers, new(test, testLoader, validation), screen.WriteResult) { Live = live };
            AveragedWeights[] averaging = recorder.Average is { } average ? [new(average)] : [];
            var loss = new CrossEntropyLoss(labelSmoothing: (float)regularization.LabelSmoothing);
            var trainer = new Trainer(model, trainLoader, testLoader, optimizer, loss, schedule)
            {
                EvaluationLoss = new CrossEntropyLoss(),
                MaxGradientNorm = (float?)regularization.GradientClip,
                Patience = regularization.Patience,
                AccumulateSteps = settings.Accumulate,
                Validation = validationLoader,
                EvaluateEvery = recipe.EvaluateEvery,
                TestEvery = recipe.TestEvery,
                MaxSteps = settings.MaxSteps,
                RollbackFactor = policy.RollbackFactor,
                Callbacks =
                [
                    .. averaging, recorder, display, new HistoryDisplay(screen, recipe.EvaluateEvery), report,
                    .. live is null ? (ITrainingCallback[])[] : [live],
                ],
                Evaluated = report.Add,
                Gate = live?.Gate,
            };
            if (settings.ResumedFrom is { } earlier && !Resume(earlier, trainer, recorder, trainLoader)) return 0;
            WriteDescription(trainLoader, validationLoader, testLoader, train, layers);
            WriteParameters(model);
            warmUp.WaitForKernels(trainLoader, testLoader, train.ClassNames.Count, screen, stop.Token);
            report.Begin(trainer);
            if (server is not null) WriteAddress(server, live!, Steps(trainLoader));
            return Train(trainer, testLoader, display, recorder, report, stop);
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
            var message = $"The run in '{run.Folder}' is complete: " + (trainer.HasStoppedEarly
                ? $"it stopped early, after step {trainer.Step}. A larger --patience makes it longer."
                : $"{trainer.Step} steps are done of {Steps(train)}. " +
                    "A larger --epochs or --max-steps makes it longer.");
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

    /// <summary>Divides the items into those that are trained on and those that choose the best epoch.</summary>
    /// <exception cref="InputException">None would be left.</exception>
    private (Dataset Train, Dataset? Validation) HoldOut(Dataset items)
    {
        var count = recipe.Validation < 1
            ? Math.Max(1, (int)Math.Round(recipe.Validation * items.Count))
            : (int)recipe.Validation;
        if (recipe.Validation == 0) return (items, null);
        if (count >= items.Count)
            throw new InputException(
                $"--validation {NumberFormatting.Number(recipe.Validation)}: of {items.Count} training items none " +
                "would be left; expected fewer, or 0.");
        return items.RandomSplit(count, new Rng(settings.Seed).Split(3).NextUInt64());
    }

    private int Train(
        Trainer trainer, DataLoader test, TrainingDisplay display, RunRecorder recorder, ReportRecorder report,
        StopSignals stop)
    {
        var hasEnded = false;
        try
        {
            display.RunWithBar(() => trainer.Run(recipe.Epochs, stop.Token));
            hasEnded = true;
        }
        finally
        {
            var tested = trainer.History.Count > 0 || stop.Token.IsCancellationRequested
                ? WriteSummary(trainer, test, recorder.IsUpToDate, stop.Token) : null;
            var isComplete = hasEnded && !stop.Token.IsCancellationRequested;
            report.Finish(trainer, EndText(trainer, isComplete, stop.Token), isComplete, tested, stop.Token);
        }

        return recorder.OtherFolder is not null && stop.ExitCode == 0 ? 1 : stop.ExitCode;
    }

    private void WriteDescription(
        DataLoader train, DataLoader? validation, DataLoader test, Dataset set, IReadOnlyList<LayerSummary> layers)
    {
        var heldOut = validation is null ? "" : $", {NumberFormatting.Count(validation.Count)} validation";
        var width = recipe.WidthMultiplier == 1 ? "" : $" at width {NumberFormatting.Number(recipe.WidthMultiplier)}";
        var extras = regularization.Describe() is { } facts ? $", {facts}" : "";
        screen.WriteInfo(
            $"{settings.Network.Name}{width} on {recipe.Data}: " +
            $"{NumberFormatting.Count(train.Count)} training{heldOut} and " +
            $"{NumberFormatting.Count(test.Count)} test items of {NumberFormatting.Shape(train.ItemShape)} in " +
            $"{set.ClassNames.Count} classes");
        LayerTable.Show(screen, layers);

        var device = settings.Device is CpuDevice cpu
            ? $"{cpu.Threads} threads"
            : $"on {settings.Device} ({settings.Gpu?.Model})";
        screen.WriteInfo($"{RecipeText.Describe(recipe, settings.Accumulate)}{extras}, seed {settings.Seed}, {device}");
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

    private string EndText(Trainer trainer, bool isComplete, CancellationToken stop)
    {
        if (isComplete) return "complete";
        var how = stop.IsCancellationRequested ? "stopped" : "ended by a fault";
        var steps = NumberFormatting.Count(trainer.Step);
        return $"{how} after {steps} steps; pynet train --resume {settings.RunFolder.Folder} continues it";
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
    private Evaluation? WriteSummary(Trainer trainer, DataLoader test, bool isWritten, CancellationToken stop)
    {
        Evaluation? tested = null;
        if (stop.IsCancellationRequested)
            screen.WriteResult($"stopped after {NumberFormatting.Count(trainer.Step)} steps");
        if (trainer.HasStoppedEarly)
            screen.WriteResult(
                $"stopped early: no better validation accuracy in {regularization.Patience} epochs");
        if (trainer.Best is { ValidationAccuracy: { } chosen } best)
        {
            screen.WriteResult($"best validation accuracy {NumberFormatting.Percent(chosen)} in epoch {best.Epoch}");
            if (best.TestAccuracy is null && !stop.IsCancellationRequested) tested = TestBest(trainer, test, stop);
            if ((best.TestAccuracy ?? tested?.Accuracy) is { } measured && !stop.IsCancellationRequested)
                screen.WriteResult($"its test accuracy        {NumberFormatting.Percent(measured)}");
        }
        else if (trainer.Best is { TestAccuracy: { } accuracy } chooser)
        {
            screen.WriteResult($"best test accuracy  {NumberFormatting.Percent(accuracy)} in epoch {chooser.Epoch}");
        }

        if (trainer.BestTrainAccuracy is { } train)
            screen.WriteResult($"best train accuracy {NumberFormatting.Percent(train)}");
        var memory = settings.Device.Memory;
        if (settings.Gpu is { } gpu)
            screen.WriteInfo(
                $"memory of {settings.Device}: {NumberFormatting.Bytes(memory.PeakAllocated)} in use at most, " +
                $"{NumberFormatting.Bytes(memory.Allocated + memory.Cached)} allocated, " +
                $"of {NumberFormatting.Bytes(gpu.Memory)}");
        var files = trainer.History.Count > 0 ? "weights, metrics, curves and report are" : "its checkpoint is";
        if (isWritten) screen.WriteResult($"{files} in {settings.RunFolder.Folder}");
        return tested;
    }

    /// <summary>Evaluates the best epoch's weights, which are put into the model.</summary>
    /// <returns>Null if the test was stopped, or the weights are not at hand.</returns>
    private static Evaluation? TestBest(Trainer trainer, DataLoader test, CancellationToken stop)
    {
        if (!trainer.BestWeights().Any()) return null;
        trainer.RestoreBest();
        return new PeriodicEvaluation(trainer.Model, test).Run(cancellation: stop);
    }
}
