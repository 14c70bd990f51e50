using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary><c>pynet find-lr</c>: a learning rate for a network, by a short training with a rising rate.</summary>
internal sealed class FindLrCommand : ConsoleCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly LearningRateFinder Default = new();

    private readonly Argument<string> model = new("MODEL") { Description = "The network to train." };
    private readonly DataOptions data = new();

    private readonly Option<int?> limit = CheckedOption.Integer("--limit", "Use the first N training images only.");

    private readonly Option<double?> width = CheckedOption.Number(
        "--width", "X", "Multiply the hidden channels by X. Default: 1.", SettingRange.Width);

    private readonly Option<string?> weights = CheckedOption.Path(
        "--weights", "FILE", "Start from these weights (safetensors), which stay as they are.");

    private readonly Option<int?> batchSize = CheckedOption.Integer(
        "--batch-size", "Images per step. Default: the model's.", SettingRange.BatchSize);

    private readonly Option<OptimizerKind?> optimizer = CheckedOption.Choice<OptimizerKind>(
        "--optimizer", "The rule that updates the weights. Default: the model's.");

    private readonly Option<double?> weightDecay = CheckedOption.Number(
        "--weight-decay", "X", "L2 regularization. Default: the model's.", SettingRange.WeightDecay);

    private readonly Option<double?> from = CheckedOption.Number(
        "--from", "X", $"The first rate. Default: {NumberFormatting.Number(Default.From)}.", SettingRange.LearningRate);

    private readonly Option<double?> to = CheckedOption.Number(
        "--to", "X", $"The last rate. Default: {NumberFormatting.Number(Default.To)}.", SettingRange.LearningRate);

    private readonly Option<int?> steps = CheckedOption.Integer(
        "--steps", $"The steps from one to the other. Default: {Default.Steps}.", 10, 100_000);

    private readonly Option<ulong?> seed = CheckedOption.Seed("--seed", "The seed of weights and order. Default: 0.");
    private readonly DeviceOptions device = new();

    private readonly Option<string?> output = CheckedOption.Path(
        "--out", "FILE.svg", "The picture. Default: find-lr-<model>-<data>.svg.");

    private readonly Option<bool> json = CheckedOption.Switch("--json", "Print one JSON object, with all losses.");

    public FindLrCommand()
        : base("find-lr", "find-lr MODEL", "Find a learning rate: train briefly with a rising one, and draw the loss.")
    {
        AddModel(model);
        AddGroup(
            "Data", data.Data, data.Folder, data.Download, data.TestShare, data.Label, data.Separator,
            data.SkipDamaged, limit, data.Resize);
        AddGroup("Network", width, weights);
        AddGroup("Training", batchSize, optimizer, weightDecay);
        AddGroup("Search", from, to, steps);
        AddGroup("Run", seed, device.Name, device.Threads, device.Precision, output, json);
        Examples.AddRange(
        [
            ("pynet find-lr lenet5 --data fashion-mnist",
                "Suggest a rate for LeNet-5, and draw find-lr-lenet5-fashion-mnist.svg."),
            ("pynet find-lr nin --data shapes --width 0.25 --optimizer adam --to 1 --steps 60",
                "Search up to 1, in 60 steps."),
        ]);
    }

    protected override int Run(ParseResult parse)
    {
        var asJson = parse.GetValue(json);
        var screen = new ConsoleOutput(quiet: false, onError: asJson);
        var settings = ReadSettings(parse);
        var (network, recipe) = (settings.Network, settings.Recipe);
        var path = parse.GetValue(output) ?? $"find-lr-{network.Name}-{PictureFolder.NameOf(recipe.Data)}.svg";
        NumpyFile.CheckPath(output.Name, path);
        var finder = new LearningRateFinder
        {
            From = parse.GetValue(from) ?? Default.From,
            To = parse.GetValue(to) ?? Default.To,
            Steps = parse.GetValue(steps) ?? Default.Steps,
        };
        if (finder.To <= finder.From)
            throw new InputException(
                $"--to {NumberFormatting.Number(finder.To)}: expected more than --from, which is " +
                $"{NumberFormatting.Number(finder.From)}.");

        var sets = settings.LoadOwnData() ?? data.Load(parse, recipe.Data, settings.DataFolder, screen);
        var train = settings.Limit is { } count ? sets.Train.Take(count) : sets.Train;
        var rng = new Rng(settings.Seed);                  // the streams of 'pynet train'
        var loader = new DataLoader(
            train, recipe.BatchSize, recipe.CreateTransforms(sets.Train), shuffle: true, rng.Split(2).NextUInt64(),
            settings.Device);
        using var stop = new StopSignals();
        if (Search(settings, finder, loader, train.ClassNames.Count, rng, screen, stop.Token) is not { } curve)
        {
            ConsoleOutput.WriteError("stopped before the search was done");
            return stop.ExitCode;
        }

        LearningRateChart.Write(path, curve, $"{network.Name} on {PictureFolder.NameOf(recipe.Data)}");
        if (asJson) ConsoleOutput.WriteDocument(ToJson(settings, curve, path).ToJsonString(Indented));
        else Show(screen, curve, path);
        return 0;
    }

    private TrainingSettings ReadSettings(ParseResult parse)
    {
        var network = NetworkCatalog.Find(parse.GetValue(model)!);
        var own = network.Recipe;
        var file = parse.GetValue(weights);
        var origin = file is null ? new() : WeightMetadata.Read(file);
        var kind = parse.GetValue(optimizer) ?? own.Optimizer;
        var recipe = own with
        {
            Data = parse.GetValue(data.Data) is { } given ? PictureFolder.Resolve(given) : own.Data,
            Resize = parse.GetValue(data.Resize) ?? origin.Resize ?? own.Resize,
            WidthMultiplier = parse.GetValue(width) ?? origin.WidthMultiplier ?? own.WidthMultiplier,
            BatchSize = parse.GetValue(batchSize) ?? own.BatchSize,
            Optimizer = kind,
            Momentum = kind == OptimizerKind.RMSprop && own.Optimizer != kind ? 0 : own.Momentum,
            WeightDecay = (float)(parse.GetValue(weightDecay) ?? own.WeightDecay),
        };
        var isOwn = PictureFolder.IsOne(recipe.Data) || CsvFile.IsOne(recipe.Data);
        if (!isOwn && !DataCatalog.Names.Contains(recipe.Data))
            throw new InputException(SpellingSuggestion.UnknownNameMessage("data set", recipe.Data, DataCatalog.Names));
        if (file is not null) WeightOrigin.Check(origin, file, network.Name, recipe.Data);
        var testShare = data.ReadTestShare(parse, recipe.Data);
        var chosenSeed = parse.GetValue(seed) ?? 0;
        return new(network, recipe)
        {
            Weights = file,
            TestShare = testShare,
            CsvOptions = data.ReadCsv(parse, recipe.Data) is { } csv
                ? csv with { TestShare = testShare!.Value, Seed = chosenSeed } : null,
            SkipDamaged = parse.GetValue(data.SkipDamaged),
            Limit = parse.GetValue(limit),
            Seed = chosenSeed,
            DataFolder = parse.GetValue(data.Folder),
            Device = device.Open(parse),
            RunFolder = new("none"),
        };
    }

    /// <returns>Null if it was stopped.</returns>
    private static LearningRateCurve? Search(
        TrainingSettings settings, LearningRateFinder finder, DataLoader loader, int classes, Rng rng,
        ConsoleOutput screen, CancellationToken stop)
    {
        var (network, recipe) = (settings.Network, settings.Recipe);
        var options = new NetworkOptions(loader.ItemShape, classes)
        {
            WidthMultiplier = recipe.WidthMultiplier,
        };
        if (settings.Weights is { } file) network.CheckWeights(options, file);
        var built = network.Create(options, rng.Split(0));
        if (settings.Weights is null) recipe.Initialize(built, rng.Split(1));
        else built.Load(settings.Weights);
        ActivationMemory.Check(
            settings.Device, ModelSummary.Of(built, loader.ItemShape), loader.ItemShape, loader.BatchSize,
            isTraining: true);
        built.To(settings.Device);
        LearningRateCurve? curve = null;
        screen.WithProgressBar("searching", finder.Steps, bar => curve = finder.Run(
            built, loader, recipe.CreateOptimizer(built.Parameters()),
            progress: new StepProgress(done =>
            {
                if (bar is not null) bar.Value = done;
            }), cancellation: stop));
        return stop.IsCancellationRequested ? null : curve;
    }

    private static void Show(ConsoleOutput screen, LearningRateCurve curve, string path)
    {
        var end = curve.Points is [.., var last] ? NumberFormatting.Number(last.LearningRate) : "the first rate";
        screen.WriteResult(
            $"{NumberFormatting.Count(curve.Points.Count, "step")}, " +
            (curve.HasDiverged ? $"until the loss diverged after {end}" : $"up to {end}"));
        screen.WriteResult($"steepest descent  {Rate(curve.Steepest)}");
        screen.WriteResult($"minimum / 10      {Rate(curve.MinimumOverTen)}");
        screen.WriteResult(curve.Steepest is { } rate
            ? $"suggestion: --lr {NumberFormatting.Number(rate)}"
            : "no suggestion: the loss did not fall; try other --from, --to or --steps");
        screen.WriteResult($"the picture is {path}");

        static string Rate(double? rate) => rate is { } x ? NumberFormatting.Number(x) : "–";
    }

    private static JsonObject ToJson(TrainingSettings settings, LearningRateCurve curve, string path) => new()
    {
        ["model"] = settings.Network.Name,
        ["data"] = settings.Recipe.Data,
        ["diverged"] = curve.HasDiverged,
        ["steepest"] = curve.Steepest,
        ["minimum_over_10"] = curve.MinimumOverTen,
        ["picture"] = path,
        ["points"] = new JsonArray([.. curve.Points.Select(point => (JsonNode)new JsonObject
        {
            ["learning_rate"] = point.LearningRate,
            ["loss"] = double.IsFinite(point.Loss) ? point.Loss : null,
            ["smoothed_loss"] = point.SmoothedLoss,
        })]),
    };

    /// <summary>Reports in the same thread and in order, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class StepProgress(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
