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

    private readonly Option<bool> augment = CheckedOption.Switch(
        "--augment", "Move training images by up to 4 pixels, and mirror color images half of the time.");

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

    private readonly Option<int?> evaluateEvery = CheckedOption.Integer(
        "--evaluate-every", "Measure the test accuracy every N epochs, and after the last.");

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
        Add(model);
        AddGroup("Data", data.Data, data.Folder, data.Download, limit, data.Resize, augment, shuffle);
        AddGroup("Network", width, dropout, init, weights, newHead, freeze);
        AddGroup(
            "Training; what is not given is the model's own",
            epochs, maxSteps, batchSize, accumulate, optimizer, learningRate, momentum, nesterov, weightDecay, schedule,
            evaluateEvery);
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
        var sets = data.Load(parse, settings.Recipe.Data, settings.DataFolder, screen);
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
        };
        if (parse.GetValue(device.Name) is { } otherDevice)             // which has threads and precision of its own
        {
            _ = DeviceCatalog.Find(otherDevice);        // a fault is the option's, not the file's
            config = config with { Device = otherDevice, Threads = null, Precision = default };
        }

        config = config with
        {
            Threads = parse.GetValue(device.Threads) ?? config.Threads,
            Precision = parse.GetValue(device.Precision) ?? config.Precision,
        };
        config.Check(folder.ConfigPath);
        var opened = DeviceOptions.Open(config.Device, config.Threads, config.Precision);
        return config.ToSettings(opened, folder) with { AcceptsComplete = parse.GetValue(run.ResumeOrStart) };
    }

    private TrainingSettings ReadSettings(ParseResult parse)
    {
        var name = parse.GetValue(model);
        var network = NetworkCatalog.Find(name ?? "nin");

        var recipe = ApplyOptions(name is null ? NetworkCatalog.QuickStart : network.Recipe, parse);
        if (!DataCatalog.Names.Contains(recipe.Data))
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
            ResizeIsChosen = parse.GetValue(data.Resize) is not null,
            Augment = parse.GetValue(augment),
            Shuffle = parse.GetValue(shuffle) != BooleanChoice.False,
            Limit = parse.GetValue(limit),
            MaxSteps = parse.GetValue(maxSteps),
            Accumulate = parse.GetValue(accumulate) ?? 1,
            Seed = parse.GetValue(seed) ?? 0,
            Threads = parse.GetValue(device.Threads),
            DataFolder = parse.GetValue(data.Folder),
            Device = device.Open(parse),
            Checkpoints = run.Apply(new(), parse),
            RunFolder = parse.GetValue(run.Out) is { } chosen
                ? new(chosen)
                : RunFolder.CreateUnique("runs", $"{network.Name}-{recipe.Data}-{DateTime.Now:yyyyMMdd-HHmmss}"),
        };
    }

    /// <summary>
    /// The recipe with the width and the image size of the initial weights, unless options give others.
    /// </summary>
    /// <exception cref="InputException">The weights are of another network or data set, without --new-head.</exception>
    private Recipe ApplyOrigin(Recipe recipe, string network, ParseResult parse)
    {
        if (parse.GetValue(weights) is not { } file)
            return parse.GetValue(newHead)
                ? throw new InputException("--new-head needs --weights; without them all layers are new.")
                : recipe;

        var origin = WeightMetadata.Read(file);
        if (!parse.GetValue(newHead)) origin.CheckOrigin(file, network, recipe.Data);
        return origin.Model != network ? recipe : recipe with
        {
            WidthMultiplier = parse.GetValue(width) ?? origin.WidthMultiplier ?? recipe.WidthMultiplier,
            Resize = parse.GetValue(data.Resize) ?? origin.Resize ?? recipe.Resize,
        };
    }

    private Recipe ApplyOptions(Recipe recipe, ParseResult parse)
    {
        var kind = parse.GetValue(optimizer) ?? recipe.Optimizer;
        ThrowIfOtherOptimizers(parse, kind);
        var isChanged = kind != recipe.Optimizer;
        var defaultMomentum = isChanged && kind == OptimizerKind.RMSprop ? 0 : recipe.Momentum;
        var momentumValue = (float)(parse.GetValue(momentum) ?? defaultMomentum);
        if (momentumValue == 0 && parse.GetValue(nesterov) == BooleanChoice.True)
            throw new InputException("--nesterov true needs a --momentum above 0.");

        var defaultRate = !isChanged ? recipe.LearningRate
            : kind is OptimizerKind.Adam or OptimizerKind.AdamW ? 0.001f
            : 0.01f;
        var defaultDecay = isChanged && kind == OptimizerKind.AdamW ? 0.01f : recipe.WeightDecay;
        var length = parse.GetValue(epochs) ?? recipe.Epochs;
        return recipe with
        {
            Data = parse.GetValue(data.Data) ?? recipe.Data,
            WidthMultiplier = parse.GetValue(width) ?? recipe.WidthMultiplier,
            Dropout = (float?)parse.GetValue(dropout) ?? recipe.Dropout,
            Resize = parse.GetValue(data.Resize) ?? recipe.Resize,
            BatchSize = parse.GetValue(batchSize) ?? recipe.BatchSize,
            Optimizer = kind,
            LearningRate = (float)(parse.GetValue(learningRate) ?? defaultRate),
            Momentum = momentumValue,
            Nesterov = momentumValue > 0
                && (parse.GetValue(nesterov) is { } chosen ? chosen == BooleanChoice.True : recipe.Nesterov),
            WeightDecay = (float)(parse.GetValue(weightDecay) ?? defaultDecay),
            Schedule = parse.GetValue(schedule) is { } text ? ScheduleText.Parse(text, length) : recipe.Schedule,
            Epochs = length,
            EvaluateEvery = parse.GetValue(evaluateEvery) ?? recipe.EvaluateEvery,
        };
    }

    /// <exception cref="InputException">An option was given that the optimizer does not have.</exception>
    private void ThrowIfOtherOptimizers(ParseResult parse, OptimizerKind kind)
    {
        var name = kind.ToString().ToLowerInvariant();
        if (kind is OptimizerKind.Adam or OptimizerKind.AdamW && parse.GetResult(momentum) is not null)
            throw Error(momentum, "sgd and rmsprop");
        if (kind != OptimizerKind.Sgd && parse.GetResult(nesterov) is not null) throw Error(nesterov, "sgd");

        InputException Error(Option option, string owners) => new(
            $"{option.Name} belongs to {owners}, but the optimizer is {name}; leave it out, or give --optimizer sgd.");
    }
}
