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
            "One of those that 'pynet models' lists. Default: nin at a quarter of its width on shapes, which takes a " +
            "minute on two cores.",
    };

    private readonly DataOptions data = new();

    private readonly Option<double?> width = CheckedOption.Number(
        "--width", "X", "Multiply the hidden channels by X. Default: 1.", SettingRange.Width);

    private readonly Option<double?> dropout = CheckedOption.Number(
        "--dropout", "P", "Dropout probability in place of the model's; 0 switches it off.", SettingRange.Dropout);

    private readonly Option<Initialization?> init = CheckedOption.Choice<Initialization>(
        "--init",
        "How weights are initialized: PyTorch's way, Glorot's or He's. Default: the model's, safe for its last ReLU.");

    private readonly Option<string?> weights = CheckedOption.Path(
        "--weights", "FILE", "Start from these weights (safetensors, with PyTorch's names).");

    private readonly Option<bool> newHead = CheckedOption.Switch(
        "--new-head",
        "Draw the last layer anew, for the data set's classes, and take the others from --weights: they may be of " +
        "another data set.");

    private readonly Option<string?> freeze = CheckedOption.Text(
        "--freeze", "PATH[,PATH…]",
        "Do not train these modules, which 'pynet models MODEL' lists, and keep them in evaluation mode. " +
        $"'{FrozenModules.Features}' is all but the last layer where no module has that name.");

    private readonly RegularizationOptions regularization = new();

    private readonly Option<BooleanChoice?> shuffle = CheckedOption.Boolean(
        "--shuffle", "Whether each epoch has its own order; false: the file's. Default: true.");

    private readonly Option<int?> limit = CheckedOption.Integer("--limit", "Use the first N training images only.");

    private readonly Option<int?> epochs = CheckedOption.Integer(
        "--epochs", "Passes over the training images.", SettingRange.Epochs);

    private readonly Option<int?> maxSteps = CheckedOption.Integer(
        "--max-steps", "End after N steps, even within an epoch.");

    private readonly Option<int?> batchSize = CheckedOption.Integer(
        "--batch-size", "Images per step.", SettingRange.BatchSize);

    private readonly Option<int?> accumulate = CheckedOption.Integer(
        "--accumulate", "Sum the gradients of N batches for each step, as of one large batch. Default: 1.",
        SettingRange.Accumulate);

    private readonly Option<OptimizerKind?> optimizer = CheckedOption.Choice<OptimizerKind>(
        "--optimizer", "The rule that updates the weights.");

    private readonly Option<double?> learningRate = CheckedOption.Number(
        "--lr", "X",
        "The learning rate. Where --optimizer changes the model's: 0.01 for sgd and rmsprop, 0.001 for adam and adamw.",
        SettingRange.LearningRate);

    private readonly Option<double?> momentum = CheckedOption.Number(
        "--momentum", "X", "The momentum of sgd and rmsprop. Where --optimizer changes the model's to rmsprop: 0.",
        SettingRange.Momentum);

    private readonly Option<BooleanChoice?> nesterov = CheckedOption.Boolean(
        "--nesterov", "Whether sgd's momentum is Nesterov's.");

    private readonly Option<double?> weightDecay = CheckedOption.Number(
        "--weight-decay", "X",
        "L2 regularization; adamw's is decoupled. Where --optimizer changes the model's to adamw: 0.01.",
        SettingRange.WeightDecay);

    private readonly Option<string?> schedule = CheckedOption.Text(
        "--schedule", "SCHEDULE",
        "How the learning rate changes. none; step:SIZE:GAMMA, times GAMMA every SIZE epochs; exponential:GAMMA, " +
        "times GAMMA every epoch; polynomial[:POWER], to 0 as a power of the time left (1: a line); " +
        "cosine[:WARMUP], along a cosine to 0, after WARMUP epochs of rising, or a share of the training, as in " +
        "cosine:20%; onecycle[:RISE%], up from a 25th for a share of the training (30%), then down; " +
        "plateau[:FACTOR:PATIENCE], times FACTOR (0.1) where the training loss has not improved for more than " +
        "PATIENCE epochs (10). warmup:WARMUP before one of them lets the rate rise first, as in " +
        "warmup:5,step:30:0.1.");

    private readonly Option<double?> validation = CheckedOption.Number(
        "--validation", "X",
        "Hold out a share of the training images, or X of them, to choose the best epoch; 0: the test images choose. " +
        "Default: 0.1.",
        SettingRange.Validation);

    private readonly Option<int?> evaluateEvery = CheckedOption.Integer(
        "--evaluate-every",
        "Measure the validation accuracy, with --validation 0 the test accuracy, every N epochs, and after the last. " +
        "With N above 1, the best accuracies and the lists of all losses and accuracies are printed then.");

    private readonly Option<int?> testEvery = CheckedOption.Integer(
        "--test-every", "Measure the test accuracy every N epochs too. Default: 0, after the last alone.",
        SettingRange.Interval);

    private readonly Option<ulong?> seed = CheckedOption.Seed(
        "--seed",
        "The seed of all randomness: the same seed gives the same weights, bit for bit, for any number of threads on " +
        "processors of one instruction set (AVX-512, AVX2, ...). Default: 0.");

    private readonly DeviceOptions device = new();

    private readonly RunOptions run = new();

    private readonly Option<bool> quiet = CheckedOption.Switch("--quiet", "Print the result only.");

    public TrainCommand()
        : base("train", "train [MODEL]", "Train a network. The command where none is given.")
    {
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
                epochs, maxSteps, batchSize, accumulate, optimizer, learningRate, momentum, nesterov, weightDecay,
                schedule, .. regularization.OfTraining, validation, evaluateEvery, testEvery,
            ]);
        AddGroup("Run", [seed, device.Name, device.Threads, device.Precision, .. run.All, quiet]);
        Examples.AddRange(
        [
            ("pynet", "Train a small NiN on drawn shapes."),
            ("pynet train lenet5 --data fashion-mnist --download", "Fetch Fashion-MNIST and train LeNet-5 on it."),
            ("pynet train nin --data cifar10 --data-dir data --augment --schedule cosine:5",
                "Train NiN on CIFAR-10 files in data/cifar10."),
            ("pynet train alexnet --data cifar10 --device cuda", "Train on the first NVIDIA GPU."),
            ("pynet train nin --data cifar100 --weights nin-cifar10.safetensors --new-head --freeze features",
                "Fine-tune: train a new last layer on top of trained ones."),
            ("pynet train nin --data photos --split 0.2", "Train on pictures in photos/cats, photos/dogs, …"),
            ("pynet train fcnet --data wine.csv --label kind", "Train on the numbers of a table."),
            ("pynet train nin --data cifar10 --serve", "Watch the training in a browser."),
            ("pynet train --resume runs/first --epochs 200", "Resume a run that was stopped, or make it longer."),
            ("pynet train alexnet --data cifar10 --out runs/a --resume-or-start",
                "Begin a run, or go on with it: for a supervisor that repeats the command."),
            ("pynet train fcnet --data xor --epochs 20 --threads 1", "Learn the exclusive or."),
        ]);
    }

    protected override int Run(ParseResult parse)
    {
        var screen = new ConsoleOutput(parse.GetValue(quiet));
        var settings = run.FolderToResume(parse) is { } held ? ResumeSettings(parse, held) : ReadSettings(parse);
        if (settings.ResumedFrom is null) settings.RunFolder.ThrowIfUsed();

        var warmUp = new WarmUpRun(settings.Network, settings.Recipe, settings.Device);
        settings.Pictures?.ThrowIfChanged(settings.ResumedFrom?.Pictures);
        settings.Csv?.ThrowIfChanged(settings.ResumedFrom?.Pictures);
        var sets = settings.Csv is { } file ? file.Load()
            : settings.Pictures is { } pictures ? pictures.Load()
            : data.Load(parse, settings.Recipe.Data, settings.DataFolder, screen);
        return new TrainingRun(settings, screen).Execute(sets, warmUp);
    }

    /// <summary>The settings of a run that resumes: of its <c>config.json</c>, some replaced by options.</summary>
    private TrainingSettings ResumeSettings(ParseResult parse, RunFolder folder)
    {
        var config = folder.ReadConfig();
        config.Check(folder.ConfigPath);
        var differing = DifferingSettings(parse, config);
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
        };
        config = regularization.Apply(config, parse);
        if (parse.GetValue(device.Name) is { } otherDevice)             // which has threads of its own
        {
            _ = DeviceCatalog.Find(otherDevice);        // a fault is the option's, not the file's
            config = config with { Device = otherDevice, Threads = null };
        }

        config = config with { Threads = parse.GetValue(device.Threads) ?? config.Threads };
        config.Check(folder.ConfigPath);
        var opened = DeviceOptions.Open(config.Device, config.Threads, config.Precision);
        return config.ToSettings(opened, folder) with
        {
            AcceptsComplete = parse.GetValue(run.ResumeOrStart), ServePort = run.ServePort(parse),
        };
    }

    private TrainingSettings ReadSettings(ParseResult parse)
    {
        var name = parse.GetValue(model);
        var network = NetworkCatalog.Find(name ?? "nin");

        var recipe = ApplyOptions(name is null ? NetworkCatalog.QuickStart : network.Recipe, parse);
        var isOwn = PictureFolder.IsOne(recipe.Data) || CsvFile.IsOne(recipe.Data);
        if (!isOwn && !DataCatalog.Names.Contains(recipe.Data))
            throw new InputException(SpellingSuggestion.UnknownNameMessage("data set", recipe.Data, DataCatalog.Names));
        recipe = ApplyOrigin(recipe, network.Name, parse);
        if (recipe.Dropout > 0 && !network.HasDropout)
            throw new InputException(
                $"--dropout {recipe.Dropout}: {network.Name} has no dropout layers; expected 0 or no such option.");

        return new(network, recipe)
        {
            Init = parse.GetValue(init),
            Weights = parse.GetValue(weights),
            NewHead = parse.GetValue(newHead),
            Freeze = parse.GetValue(freeze) is { } paths ? FrozenModules.Parse(paths) : [],
            TestShare = data.ReadTestShare(parse, recipe.Data),
            CsvOptions = data.ReadCsv(parse, recipe.Data) is { } csv
                ? csv with
                {
                    TestShare = data.ReadTestShare(parse, recipe.Data)!.Value,
                    Seed = parse.GetValue(seed) ?? 0,
                }
                : null,
            SkipDamaged = parse.GetValue(data.SkipDamaged),
            ResizeIsChosen = parse.GetValue(data.Resize) is not null,
            Regularization = regularization.Read(parse, recipe.Validation),
            Shuffle = parse.GetValue(shuffle) != BooleanChoice.False,
            Limit = parse.GetValue(limit),
            MaxSteps = parse.GetValue(maxSteps),
            Accumulate = parse.GetValue(accumulate) ?? 1,
            Seed = parse.GetValue(seed) ?? 0,
            Threads = parse.GetValue(device.Threads),
            DataFolder = parse.GetValue(data.Folder),
            Device = device.Open(parse),
            Checkpoints = run.Apply(new(), parse),
            ServePort = run.ServePort(parse),
            RunFolder = parse.GetValue(run.Out) is { } chosen
                ? new(chosen)
                : RunFolder.CreateUnique("runs", $"{RunName(network, recipe)}-{DateTime.Now:yyyyMMdd-HHmmss}"),
        };
    }

    private static string RunName(NetworkDefinition network, Recipe recipe) =>
        $"{network.Name}-{PictureFolder.NameOf(recipe.Data)}";
}
