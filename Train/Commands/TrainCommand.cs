using System.CommandLine;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary><c>pynet train</c>: trains a model by its recipe, changed by options.</summary>
internal sealed partial class TrainCommand : ConsoleCommand
{
    private readonly Argument<string?> model = new("MODEL")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description =
            "One of those that 'pynet models' lists. Default: nin at a quarter of its width on shapes.",
    };

    private readonly DataOptions data = new();

    private readonly Option<double?> width = CheckedOption.Number(
        "--width", "X", "Multiply the hidden channels by X. Default: 1.", SettingRange.Width);

    private readonly Option<double?> dropout = CheckedOption.Number(
        "--dropout", "P", "Dropout probability; 0 switches it off. Default: the model's.", SettingRange.Dropout);

    private readonly Option<Initialization?> init = CheckedOption.Choice<Initialization>(
        "--init",
        "How weights are initialized. Default: the model's.");

    private readonly Option<string?> weights = CheckedOption.Path(
        "--weights", "FILE", "Start from these weights (safetensors).");

    private readonly Option<bool> newHead = CheckedOption.Switch(
        "--new-head",
        "Initialize the last layer anew, for the data set's classes.");

    private readonly Option<string?> freeze = CheckedOption.Text(
        "--freeze", "PATH[,PATH…]",
        $"Do not train these modules; {FrozenModules.Features}: all but the last layer.");

    private readonly RegularizationOptions regularization = new();

    private readonly Option<BooleanChoice?> shuffle = CheckedOption.Boolean(
        "--shuffle", "Whether each epoch has its own order. Default: true.");

    private readonly Option<int?> limit = CheckedOption.Integer("--limit", "Use the first N training images only.");

    private readonly Option<int?> epochs = CheckedOption.Integer(
        "--epochs", "Passes over the training images.", SettingRange.Epochs);

    private readonly Option<int?> maxSteps = CheckedOption.Integer(
        "--max-steps", "End after N steps, even within an epoch.");

    private readonly Option<int?> batchSize = CheckedOption.Integer(
        "--batch-size", "Images per step.", SettingRange.BatchSize);

    private readonly Option<int?> accumulate = CheckedOption.Integer(
        "--accumulate", "Sum the gradients of N batches for each step. Default: 1.",
        SettingRange.Accumulate);

    private readonly Option<int?> shards = CheckedOption.Integer(
        "--shards", "Compute a batch in N parts. Default: 1; under mpirun one per process.", SettingRange.Shards);

    private readonly Option<OptimizerKind?> optimizer = CheckedOption.Choice<OptimizerKind>(
        "--optimizer", "sgd, adam, adamw or rmsprop.", "NAME");

    private readonly Option<double?> learningRate = CheckedOption.Number(
        "--lr", "X",
        "The learning rate; of another --optimizer 0.01, or 0.001 (adam, adamw).",
        SettingRange.LearningRate);

    private readonly Option<double?> momentum = CheckedOption.Number(
        "--momentum", "X", "The momentum of sgd and rmsprop.",
        SettingRange.Momentum);

    private readonly Option<BooleanChoice?> nesterov = CheckedOption.Boolean(
        "--nesterov", "Whether sgd's momentum is Nesterov's.");

    private readonly Option<double?> weightDecay = CheckedOption.Number(
        "--weight-decay", "X",
        "L2 regularization; adamw's is decoupled.",
        SettingRange.WeightDecay);

    private readonly Option<string?> schedule = CheckedOption.Text(
        "--schedule", "SCHEDULE",
        "none, step:SIZE:GAMMA, exponential:GAMMA, polynomial[:POWER], cosine[:WARMUP], onecycle[:RISE%] or " +
        "plateau[:FACTOR:PATIENCE], in epochs; a warm-up before it, as in warmup:5,step:30:0.1.");

    private readonly Option<double?> validation = CheckedOption.Number(
        "--validation", "X",
        "Hold out a share of the training images, or X, to choose the best epoch. Default: 0.1; with 0 the test " +
        "images choose.",
        SettingRange.Validation);

    private readonly Option<int?> evaluateEvery = CheckedOption.Integer(
        "--evaluate-every",
        "Measure the validation accuracy every N epochs, and after the last.");

    private readonly Option<EvaluationChoice?> evaluate = CheckedOption.Choice<EvaluationChoice>(
        "--evaluate", "never: measure the training accuracy alone. Default: always.");

    private readonly Option<int?> evaluateLimit = CheckedOption.Integer(
        "--evaluate-limit",
        "Measure on N validation and N test items at most.");

    private readonly Option<int?> testEvery = CheckedOption.Integer(
        "--test-every", "Measure the test accuracy every N epochs. Default: 0, at the end alone.",
        SettingRange.Interval);

    private readonly Option<ulong?> seed = CheckedOption.Seed(
        "--seed",
        "The seed of all randomness; the same seed, the same bits. Default: 0.");

    private readonly DeviceOptions device = new();

    private readonly RunOptions run = new();

    private readonly Option<bool> tensorboard = CheckedOption.Switch(
        "--tensorboard", "Write an event file for TensorBoard into the run's folder.");

    private readonly Option<bool> quiet = CheckedOption.Switch("--quiet", "Print the result only.");

    private readonly Option<int?> seeds = CheckedOption.Integer(
        "--seeds",
        "Train N times, with --seed and the next numbers, for mean and spread.",
        2, 1000);

    private readonly Option<string?> config = CheckedOption.Path(
        "--config", "FILE",
        "Repeat the run of this config.json or folder; other options win over it.");

    private readonly Option<bool> json = CheckedOption.Switch(
        "--json", "Print JSON lines; everything else goes to the standard error.");

    private readonly RankSession? ranks;

    /// <param name="ranks">The ranks of a distributed run; null in a process of its own.</param>
    public TrainCommand(RankSession? ranks = null)
        : base("train", "train [MODEL]", "Train a network. The command where none is given.")
    {
        this.ranks = ranks;
        AddModel(model);
        AddGroup(
            "Data",
            data.Data, data.Folder, data.Download, data.TestShare, data.Label, data.Separator, data.SkipDamaged,
            limit, data.Resize,
            regularization.Augment, shuffle);
        AddGroup("Network", width, dropout, init, weights, newHead, freeze);
        AddGroup(
            "Training; what is not given is the model's own",
            [
                epochs, maxSteps, batchSize, accumulate, shards, optimizer, learningRate, momentum, nesterov,
                weightDecay, schedule, .. regularization.OfTraining, validation, evaluateEvery, testEvery, evaluate,
                evaluateLimit,
            ]);
        AddGroup("Run", [.. run.All, config, seed, seeds]);
        AddGroup("Machine", device.Name, device.Threads, device.Precision);
        AddGroup("Output", run.LogEvery, run.SaveEvery, tensorboard, run.Serve, quiet, json);
        Examples.AddRange(
        [
            ("pynet", "Train a small NiN on drawn shapes."),
            ("pynet train lenet5 --data fashion-mnist --download", "Fetch Fashion-MNIST and train LeNet-5 on it."),
            ("pynet train nin --data cifar10 --augment --schedule cosine:5", "Train NiN on CIFAR-10."),
            ("pynet train nin --data cifar100 --weights nin-cifar10.safetensors --new-head --freeze features",
                "Fine-tune: train a new last layer on top of trained ones."),
            ("pynet train nin --data photos --split 0.2 --device cuda",
                "Train on photos/cats, photos/dogs, … on a GPU."),
            ("pynet train fcnet --data wine.csv --label kind", "Train on the numbers of a table."),
            ("pynet train --resume runs/first --epochs 200", "Resume a run that was stopped, or make it longer."),
        ]);
    }

    protected override int Run(ParseResult parse)
    {
        var asJson = parse.GetValue(json) && ranks is null or { IsFirst: true };
        var screen = new ConsoleOutput(parse.GetValue(quiet), onError: asJson, isPlain: ranks is not null);
        if (ranks is not null) CheckDistributed(parse);
        if (parse.GetValue(seeds) is { } count) return RunSeeds(parse, count, screen, asJson);
        if (parse.GetValue(config) is not null && parse.GetResult(run.Resume) is { Implicit: false })
            throw new InputException("--config begins a run, --resume has settings of its own; expected one of them.");
        var settings = FolderToResume(parse) is { } held ? ResumeSettings(parse, held) : ReadSettings(parse);
        var training = new TrainingRun(settings, screen) { PrintsEvents = asJson, Ranks = ranks };
        return Start(parse, settings, training, screen);
    }

    /// <summary>Reads the data and trains.</summary>
    /// <returns>The exit code.</returns>
    private int Start(ParseResult parse, TrainingSettings settings, TrainingRun training, ConsoleOutput screen)
    {
        if (settings.ResumedFrom is null && ranks is null or { IsFirst: true }) settings.RunFolder.ThrowIfUsed();

        var warmUp = new WarmUpRun(settings.Network, settings.Recipe, settings.Device);
        settings.Pictures?.ThrowIfChanged(settings.ResumedFrom?.Pictures);
        settings.Csv?.ThrowIfChanged(settings.ResumedFrom?.Pictures);
        var sets = settings.LoadOwnData() ?? LoadByTurns(
            parse, () => data.Load(parse, settings.Recipe.Data, settings.DataFolder, screen));
        return training.Execute(sets, warmUp);
    }

    /// <summary>The settings of a run that resumes: of its <c>config.json</c>, some replaced by options.</summary>
    private TrainingSettings ResumeSettings(ParseResult parse, RunFolder folder, bool withSeed = true)
    {
        var config = folder.Config ?? folder.ReadConfig();
        config.Check(folder.ConfigPath);
        var differing = DifferingSettings(parse, config, withSeed);
        if (differing.Count > 0)
            throw new InputException(
                $"The run in '{folder.Folder}' has other settings: {string.Join("; ", differing)}. It resumes with " +
                "its own; leave these out, or begin another run.");

        var policy = run.Apply(CheckpointPolicy.Of(config), parse);
        config = config with
        {
            Epochs = parse.GetValue(epochs) ?? config.Epochs,
            MaxSteps = parse.GetValue(maxSteps) ?? config.MaxSteps,
            DataDir = parse.GetValue(data.Folder) ?? config.DataDir,
            CheckpointEvery = policy.EveryText,
            Keep = policy.Keep,
            OnDivergence = policy.OnDivergenceText,
            LogEvery = parse.GetValue(run.LogEvery) ?? config.LogEvery,
            SaveEvery = parse.GetValue(run.SaveEvery) ?? config.SaveEvery,
            Tensorboard = parse.GetValue(tensorboard) || config.Tensorboard,
        };
        config = regularization.Apply(config, parse);
        if (parse.GetValue(device.Name) is { } otherDevice)             // which has threads of its own
        {
            _ = DeviceCatalog.Find(otherDevice);        // a fault is the option's, not the file's
            config = config with { Device = otherDevice, Threads = null };
        }

        config = config with { Threads = parse.GetValue(device.Threads) ?? config.Threads };
        config.Check(folder.ConfigPath);
        var opened = OpenDevice(config.Device, config.Threads, config.Precision);
        return config.ToSettings(opened, folder) with
        {
            AcceptsComplete = parse.GetValue(run.ResumeOrStart), ServePort = run.ServePort(parse),
        };
    }

    private TrainingSettings ReadSettings(ParseResult parse)
    {
        var file = parse.GetValue(config) is { } path ? ReadConfig(path) : null;
        var basis = file is null ? null : SettingsOf(file);
        var name = parse.GetValue(model) ?? file?.Model;
        var network = NetworkCatalog.Find(name ?? "nin");

        var recipe = ApplyOptions(
            basis?.Recipe ?? (name is null ? NetworkCatalog.QuickStart : network.Recipe), parse,
            basis?.Evaluates != false);
        var isOwn = PictureFolder.IsOne(recipe.Data) || CsvFile.IsOne(recipe.Data);
        if (!isOwn && !DataCatalog.Names.Contains(recipe.Data))
            throw new InputException(SpellingSuggestion.UnknownNameMessage("data set", recipe.Data, DataCatalog.Names));
        recipe = ApplyOrigin(recipe, network.Name, parse);
        if (recipe.Dropout > 0 && !network.HasDropout)
            throw new InputException(
                $"--dropout {recipe.Dropout}: {network.Name} has no dropout layers; expected 0 or no such option.");

        var testShare = data.ReadTestShare(parse, recipe.Data, basis?.TestShare);
        var chosenSeed = parse.GetValue(seed) ?? basis?.Seed ?? 0;
        return new(network, recipe)
        {
            Init = parse.GetValue(init),
            Weights = parse.GetValue(weights) ?? basis?.Weights,
            NewHead = parse.GetValue(newHead) || basis?.NewHead == true,
            Freeze = parse.GetValue(freeze) is { } paths ? FrozenModules.Parse(paths) : basis?.Freeze ?? [],
            TestShare = testShare,
            CsvOptions = data.ReadCsv(parse, recipe.Data, basis?.CsvOptions) is { } csv
                ? csv with { TestShare = testShare!.Value, Seed = chosenSeed }
                : null,
            SkipDamaged = parse.GetValue(data.SkipDamaged) || basis?.SkipDamaged == true,
            ResizeIsChosen = parse.GetValue(data.Resize) is not null,
            Regularization = regularization.Read(parse, recipe.Validation, basis?.Regularization),
            Shuffle = parse.GetValue(shuffle) is { } shuffles
                ? shuffles == BooleanChoice.True : basis?.Shuffle != false,
            Limit = parse.GetValue(limit) ?? basis?.Limit,
            MaxSteps = parse.GetValue(maxSteps) ?? basis?.MaxSteps,
            Evaluates = Evaluates(parse, basis?.Evaluates != false),
            Tensorboard = parse.GetValue(tensorboard) || basis?.Tensorboard == true,
            EvaluateLimit = parse.GetValue(evaluateLimit) ?? basis?.EvaluateLimit,
            Accumulate = parse.GetValue(accumulate) ?? basis?.Accumulate ?? 1,
            Shards = parse.GetValue(shards) ?? basis?.Shards ?? ranks?.Group.Size ?? 1,
            Seed = chosenSeed,
            Threads = ThreadsOf(parse, file),
            DataFolder = parse.GetValue(data.Folder) ?? basis?.DataFolder,
            Device = OpenDevice(
                parse.GetValue(device.Name) ?? file?.Device ?? "cpu", ThreadsOf(parse, file),
                parse.GetValue(device.Precision) ?? file?.Precision ?? default),
            Checkpoints = run.Apply(basis?.Checkpoints ?? new(), parse),
            ServePort = run.ServePort(parse),
            RunFolder = parse.GetValue(run.Out) is { } chosen
                ? new(chosen)
                : RunFolder.CreateUnique("runs", $"{RunName(network, recipe)}-{DateTime.Now:yyyyMMdd-HHmmss}"),
        };
    }

    private static string RunName(NetworkDefinition network, Recipe recipe) =>
        $"{network.Name}-{PictureFolder.NameOf(recipe.Data)}";
}
