using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Trains by settings: constructs the model and the loaders, trains, and prints the results.</summary>
internal sealed partial class TrainingRun(TrainingSettings settings, ConsoleOutput screen)
{
    private readonly Recipe recipe = settings.Recipe;
    private readonly Regularization regularization = settings.Regularization;
    private LoadReport? loaded;                 // of the initial weights
    private bool startsAnew;                    // without a checkpoint
    private TrainingEvents? events;             // for a program that reads the output

    /// <summary>Whether this process prints and writes the run's folder.</summary>
    private bool IsWriter => Ranks is null or { IsFirst: true };

    /// <summary>Prints events as JSON lines, where the screen is on the standard error.</summary>
    public bool PrintsEvents { get; init; }

    /// <summary>The command that continues the series that this run is of; null for that of the run alone.</summary>
    public string? SeriesCommand { get; init; }

    /// <summary>The processes that train together; null for one alone.</summary>
    public RankSession? Ranks { get; init; }

    /// <summary>How the run ended; null before.</summary>
    public RunResult? Result { get; private set; }

    /// <param name="data">The data set of the settings.</param>
    /// <param name="warmUp">Compiles the kernels.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">The settings do not fit the data, or training failed.</exception>
    public int Execute(TrainTestSplit data, WarmUpRun warmUp)
    {
        var (train, validation) = HoldOut(settings.Limit is { } limit ? data.Train.Take(limit) : data.Train);
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
        if (settings.Shards > trainLoader.BatchSize)
            throw new InputException(
                $"--shards {settings.Shards}: a batch has {trainLoader.BatchSize} items; expected at most as many.");
        var (measuredValidation, measuredTest) = (Limited(validation, stream: 4), Limited(data.Test, stream: 5)!);
        var testLoader = LoaderFor(measuredTest, testTransform)!;
        var parts = new RunParts(
            trainLoader, LoaderFor(measuredValidation, testTransform), settings.Evaluates ? testLoader : null,
            train.ClassNames)
        {
            ValidationCount = validation?.Count ?? 0,
            TestCount = data.Test.Count,
        };

        using var stop = new StopSignals();             // before the folder is claimed, as the server
        var live = settings.ServePort is null || !IsWriter ? null : new LiveRun(new(), stop.Stop);
        using var server = live is null ? null : ReportServer.Start(live, settings.ServePort!.Value);
        using var run = settings.RunFolder;
        if (settings.ResumedFrom is not null && IsWriter) run.Lock();
        startsAnew = settings.ResumedFrom is null || (IsWriter && !run.HasCheckpoint);
        var model = Build(trainLoader.ItemShape, train.ClassNames.Count, rng);
        var layers = ModelSummary.Of(model, trainLoader.ItemShape);
        ActivationMemory.Check(device, layers, trainLoader.ItemShape, settings.LargestShard, isTraining: true);
        model.To(device);

        var optimizer = recipe.CreateOptimizer(model.Parameters().Where(parameter => parameter.RequiresGrad));
        var schedule = recipe.CreateSchedule(StepsPerEpoch(trainLoader));
        if (settings.ResumedFrom is null && IsWriter) run.Create(RunConfig.Of(settings));
        try
        {
            Ranks?.Compare(settings, data);
            if (!IsWriter) return TrainBesideWriter(model, parts, optimizer, schedule, stop);
            var display = new TrainingDisplay(screen, recipe, Steps(trainLoader)) { Gate = live?.Gate };
            var title = $"{settings.Network.Name} on {recipe.Data}";
            var policy = settings.Checkpoints;
            var description = new RunDescription(settings, layers);
            if (PrintsEvents) events = new(Console.Out);
            var recorder = new RunRecorder(
                run, title, screen.WriteResult, settings.MetadataOf(train), policy.Every, policy.Keep,
                recipe.SaveEvery)
            {
                EndsOnFault = Ranks is not null,
                Average = regularization.Ema is { } decay ? new(model, decay) : null,
            };
            var report = new ReportRecorder(
                recorder, run, title, layers, new(measuredTest, testLoader, measuredValidation), screen.WriteResult)
            {
                Live = live,
            };
            AveragedWeights[] averaging = recorder.Average is { } average ? [new(average)] : [];
            var trainer = CreateTrainer(
                model, parts, optimizer, schedule,
                [
                    .. averaging, recorder, display, new HistoryDisplay(screen, recipe.EvaluateEvery), report,
                    .. live is null ? [] : (ITrainingCallback[])[live],
                    .. events is null ? [] : (ITrainingCallback[])[events],
                    .. !settings.Tensorboard ? [] : (ITrainingCallback[])
                        [new EventWriter(run.EventsPath, layers, trainLoader.ItemShape, screen.WriteResult)],
                ],
                report.Add, live?.Gate);
            var isComplete = settings.ResumedFrom is { } earlier && !Resume(earlier, trainer, recorder, trainLoader);
            Ranks?.Broadcast(isComplete ? CompleteText : "");
            if (isComplete)
            {
                var accuracy = trainer.Best is not { } best ? null
                    : best.TestAccuracy ?? TestBest(trainer, parts.Test, group: null, stop.Token)?.Accuracy;
                Result = RunResult.Of(trainer, recipe.Epochs, accuracy, run.Folder, null, null);
                return 0;
            }

            Ranks?.Begin();             // as the others, which wait for this one in the trainer now
            description.Write(screen, model, loaded, parts, Ranks);
            events?.WriteStart(settings, parts, description.Parameters, trainer.Step, Steps(trainLoader));
            warmUp.WaitForKernels(
                trainLoader, parts.Test ?? trainLoader, train.ClassNames.Count, screen, stop.Token);
            report.Begin(trainer);
            if (server is not null) WriteAddress(server, live!, Steps(trainLoader));
            return Train(trainer, parts.Test, display, recorder, report, stop);
        }
        catch (Exception) when (settings.ResumedFrom is null && IsWriter)
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

    /// <summary>The items to evaluate on, of each class its share of the limit.</summary>
    private Dataset? Limited(Dataset? items, ulong stream) =>
        items is not null && settings.EvaluateLimit is { } limit && limit < items.Count
            ? items.RandomSplit(limit, new Rng(settings.Seed).Split(stream).NextUInt64()).HeldOut
            : items;

    private DataLoader? LoaderFor(Dataset? items, ITransform transform) => items is null ? null
        : new(items, settings.LargestShard, transform, shuffle: false, device: settings.Device);

    private int Train(
        Trainer trainer, DataLoader? test, TrainingDisplay display, RunRecorder recorder, ReportRecorder report,
        StopSignals stop)
    {
        Exception? fault = null;
        bool? isTested = null;
        try
        {
            display.RunWithBar(() => trainer.Run(recipe.Epochs, stop.Token));
            isTested = (Ranks?.AgreeOnStop(stop) ?? stop.ExitCode) == 0;
        }
        catch (Exception caught)
        {
            fault = caught;
            throw;
        }
        finally
        {
            var tested = trainer.History.Count > 0 || stop.Token.IsCancellationRequested
                ? WriteSummary(
                    trainer, test, recorder.IsUpToDate,
                    isTested ?? (Ranks is null && !stop.Token.IsCancellationRequested), stop.Token) : null;
            var command = ContinuingCommand(trainer, recorder, fault);
            if (command is not null) screen.WriteCommand("To continue", command);
            var folder = recorder.OtherFolder ?? settings.RunFolder.Folder;
            var accuracy = trainer.Best?.TestAccuracy ?? tested?.Accuracy;
            Result = RunResult.Of(trainer, recipe.Epochs, accuracy, folder, command, fault);
            events?.WriteEnd(Result);
            var isComplete = fault is null && !stop.Token.IsCancellationRequested;
            report.Finish(trainer, EndText(trainer, isComplete, command, stop.Token), isComplete, tested, stop.Token);
        }

        return recorder.OtherFolder is not null && stop.ExitCode == 0 ? 1 : stop.ExitCode;
    }
}
