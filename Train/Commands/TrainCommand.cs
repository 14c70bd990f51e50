using System.CommandLine;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary><c>pynet train</c>: a model's recipe, changed by options, becomes a run.</summary>
internal sealed class TrainCommand : ConsoleCommand
{
    private readonly Argument<string?> model = new("MODEL")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description =
            "One of those that 'pynet models' lists. Default: nin at a quarter of its width on shapes, a minute on two " +
            "cores.",
    };

    private readonly DataOptions data = new();

    private readonly Option<double?> width = CheckedOption.Number(
        "--width", "X", "Multiply the hidden channels by X. Default: 1.",
        "above 0 and up to 16", x => x is > 0 and <= 16);

    private readonly Option<double?> dropout = CheckedOption.Number(
        "--dropout", "P", "Dropout probability in place of the model's; 0 switches it off.",
        "from 0 up to, not including, 1", x => x is >= 0 and < 1);

    private readonly Option<Initialization?> init = CheckedOption.Choice<Initialization>(
        "--init",
        "How weights are drawn: PyTorch's way, Glorot's or He's. Default: the model's, safe for its last ReLU.");

    private readonly Option<string?> weights = CheckedOption.Path(
        "--weights", "FILE", "Start from these weights (safetensors, with PyTorch's names).");

    private readonly Option<bool> augment = CheckedOption.Switch(
        "--augment", "Move training images by up to 4 pixels, and mirror coloured ones half of the time.");

    private readonly Option<BooleanChoice?> shuffle = CheckedOption.Boolean(
        "--shuffle", "Whether each epoch has an order of its own; false: the file's. Default: true.");

    private readonly Option<int?> limit = CheckedOption.Integer("--limit", "Use the first N training images only.");

    private readonly Option<int?> epochs = CheckedOption.Integer(
        "--epochs", "Passes over the training images.", 1, 1_000_000);

    private readonly Option<int?> maxSteps = CheckedOption.Integer(
        "--max-steps", "End after N steps, even within an epoch.");

    private readonly Option<int?> batchSize = CheckedOption.Integer("--batch-size", "Images per step.", 1, 65_536);

    private readonly Option<OptimizerKind?> optimizer = CheckedOption.Choice<OptimizerKind>(
        "--optimizer", "What changes the weights.");

    private readonly Option<double?> learningRate = CheckedOption.Number(
        "--lr", "X", "The learning rate. Where --optimizer changes the model's: 0.01 for sgd, 0.001 for adam.",
        "above 0 and up to 100", x => x is > 0 and <= 100);

    private readonly Option<double?> momentum = CheckedOption.Number(
        "--momentum", "X", "SGD's momentum.", "from 0 up to, not including, 1", x => x is >= 0 and < 1);

    private readonly Option<BooleanChoice?> nesterov = CheckedOption.Boolean(
        "--nesterov", "Whether the momentum is Nesterov's.");

    private readonly Option<double?> weightDecay = CheckedOption.Number(
        "--weight-decay", "X", "L2 regularisation.", "from 0 to 1", x => x is >= 0 and <= 1);

    private readonly Option<string?> schedule = CheckedOption.Text(
        "--schedule", "none|step:SIZE:GAMMA|cosine[:WARMUP]",
        "How the learning rate changes: not; times GAMMA every SIZE epochs; along a cosine to 0, after WARMUP epochs " +
        "of rising, or a share of the training, as in cosine:20%.");

    private readonly Option<int?> evaluateEvery = CheckedOption.Integer(
        "--evaluate-every", "Measure the test accuracy every N epochs, and after the last.");

    private readonly Option<ulong?> seed = CheckedOption.Seed(
        "--seed", "Decides all that is random: the same seed gives the same weights, bit for bit. Default: 0.");

    private readonly DeviceOptions device = new();

    private readonly Option<string?> folder = CheckedOption.Path(
        "--out", "DIR", "Where settings, metrics, weights and curves go. Default: runs/<model>-<data>-<time>.");

    private readonly Option<string?> resume = CheckedOption.Path(
        "--resume", "DIR",
        "Go on with the run in this folder where it stopped, as it was called; --epochs, --max-steps, --data-dir, --download, " +
        "--device, --threads, --precision and --quiet may be given anew.");

    private readonly Option<bool> quiet = CheckedOption.Switch("--quiet", "Print the result only.");

    public TrainCommand()
        : base("train", "train [MODEL]", "Train a network. This is what happens where no command is given.")
    {
        Add(model);
        AddGroup("Data", data.Data, data.Folder, data.Download, limit, data.Resize, augment, shuffle);
        AddGroup("Network", width, dropout, init, weights);
        AddGroup(
            "Training; what is not given is the model's own",
            epochs, maxSteps, batchSize, optimizer, learningRate, momentum, nesterov, weightDecay, schedule,
            evaluateEvery);
        AddGroup("Run", seed, device.Name, device.Threads, device.Precision, folder, resume, quiet);
        Examples.AddRange(
        [
            ("pynet", "Train a small NiN on drawn shapes."),
            ("pynet train lenet5 --data fashion-mnist --download", "Fetch Fashion-MNIST and train LeNet-5 on it."),
            ("pynet train nin --data cifar10 --data-dir data --augment --schedule cosine:5",
                "Train NiN on CIFAR-10 files in data/cifar10."),
            ("pynet train alexnet --data cifar10 --device cuda", "Train on the first NVIDIA GPU."),
            ("pynet train --resume runs/first --epochs 200", "Go on with a run that was stopped, or longer than it was meant to be."),
            ("pynet train fcnet --data xor --epochs 20 --threads 1", "Learn the exclusive or."),
        ]);
    }

    protected override int Run(ParseResult parse)
    {
        var screen = new ConsoleOutput(parse.GetValue(quiet));
        TrainingSettings settings;
        if (parse.GetValue(resume) is { } begun) (settings, parse) = Resume(parse, new(begun));
        else
        {
            settings = ReadSettings(parse);
            settings.RunFolder.ThrowIfUsed();
        }

        var rehearsal = new WarmUpRun(settings.Network, settings.Recipe, settings.Device);
        return new TrainingRun(settings, screen).Execute(data.Load(parse, settings.Recipe.Data, screen), rehearsal);
    }

    /// <summary>The settings of a run that goes on, and the whole call that they stand for.</summary>
    private (TrainingSettings Settings, ParseResult Parse) Resume(ParseResult changes, RunFolder run)
    {
        Option[] changeable =
            [resume, quiet, epochs, maxSteps, data.Folder, data.Download, device.Name, device.Threads, device.Precision];
        if (changes.GetValue(model) is { } name) throw Fixed($"the model '{name}'");
        if (Options.Except(changeable).FirstOrDefault(option => RunConfig.TokensOf(changes, option).Length > 0) is { } other)
            throw Fixed(other.Name);

        var call = new RunConfig(run);
        Option[] ofDevice = changes.GetValue(device.Name) is null ? [] : [device.Threads, device.Precision];
        var parse = this.Parse(call.MergeArguments(this, changes, ofDevice));
        var settings = ReadSettings(parse) with { RunFolder = run, ResumedFrom = call };
        call.CheckUnchanged(settings.ToJson());
        return (settings, parse);

        static InputException Fixed(string what) =>
            new($"--resume goes on with a run as it was called; {what} cannot be given beside it.");
    }

    private TrainingSettings ReadSettings(ParseResult parse)
    {
        var name = parse.GetValue(model);
        var network = NetworkCatalog.Find(name ?? "nin");

        var recipe = ApplyOptions(name is null ? NetworkCatalog.QuickStart : network.Recipe, parse);
        _ = recipe.CreateSchedule(batches: 1);                  // whether its words are right, before anything is read
        if (!DataCatalog.Names.Contains(recipe.Data))
            throw new InputException(SpellingSuggestion.UnknownNameMessage("data set", recipe.Data, DataCatalog.Names));
        if (recipe.Dropout > 0 && !network.HasDropout)
            throw new InputException(
                $"--dropout {recipe.Dropout}: {network.Name} has no dropout layers; expected 0 or no such option.");

        return new(network, recipe)
        {
            Init = parse.GetValue(init),
            Weights = parse.GetValue(weights),
            ResizeIsChosen = parse.GetValue(data.Resize) is not null,
            Augment = parse.GetValue(augment),
            Shuffle = parse.GetValue(shuffle) != BooleanChoice.False,
            Limit = parse.GetValue(limit),
            MaxSteps = parse.GetValue(maxSteps),
            Seed = parse.GetValue(seed) ?? 0,
            Arguments = [.. ReproducingArguments(parse)],
            Device = device.Open(parse),
            RunFolder = parse.GetValue(folder) is { } chosen
                ? new(chosen)
                : RunFolder.CreateUnique("runs", $"{network.Name}-{recipe.Data}-{DateTime.Now:yyyyMMdd-HHmmss}"),
        };
    }

    /// <summary>The words that make the same run again, wherever that goes.</summary>
    private IEnumerable<string> ReproducingArguments(ParseResult parse) =>
        Options.Except([resume, folder, quiet, data.Download]).SelectMany(option => RunConfig.TokensOf(parse, option))
            .Prepend(parse.GetValue(model)).OfType<string>();

    private Recipe ApplyOptions(Recipe recipe, ParseResult parse)
    {
        var kind = parse.GetValue(optimizer) ?? recipe.Optimizer;
        var isAdam = kind == OptimizerKind.Adam;
        foreach (var option in (Option[])[momentum, nesterov])
            if (isAdam && parse.GetResult(option) is not null)
                throw new InputException(
                    $"{option.Name} belongs to sgd, but the optimizer is adam; leave it out, or give --optimizer sgd.");

        var inertia = (float)(parse.GetValue(momentum) ?? recipe.Momentum);
        if (inertia == 0 && parse.GetValue(nesterov) == BooleanChoice.True)
            throw new InputException("--nesterov true needs a --momentum above 0.");

        var usual = kind == recipe.Optimizer ? recipe.LearningRate : isAdam ? 0.001f : 0.01f;
        return recipe with
        {
            Data = parse.GetValue(data.Data) ?? recipe.Data,
            WidthMultiplier = parse.GetValue(width) ?? recipe.WidthMultiplier,
            Dropout = (float?)parse.GetValue(dropout) ?? recipe.Dropout,
            Resize = parse.GetValue(data.Resize) ?? recipe.Resize,
            BatchSize = parse.GetValue(batchSize) ?? recipe.BatchSize,
            Optimizer = kind,
            LearningRate = (float)(parse.GetValue(learningRate) ?? usual),
            Momentum = inertia,
            Nesterov = inertia > 0 && (parse.GetValue(nesterov) is { } chosen ? chosen == BooleanChoice.True : recipe.Nesterov),
            WeightDecay = (float)(parse.GetValue(weightDecay) ?? recipe.WeightDecay),
            Schedule = parse.GetValue(schedule) ?? recipe.Schedule,
            Epochs = parse.GetValue(epochs) ?? recipe.Epochs,
            EvaluateEvery = parse.GetValue(evaluateEvery) ?? recipe.EvaluateEvery,
        };
    }
}
