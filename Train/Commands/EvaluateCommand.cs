using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary><c>pynet evaluate</c>: loss and accuracy of saved weights on a data set.</summary>
internal sealed class EvaluateCommand : ConsoleCommand
{
    private const int MaxColumns = 20;         // of a confusion matrix; a larger one is hard to read

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private enum Part
    {
        Test,
        Train,
    }

    private readonly Argument<string> model = new("MODEL") { Description = "The network of the weights." };
    private readonly Option<string?> weights = CheckedOption.Path(
        "--weights", "FILE", "The weights (safetensors, with PyTorch's names). Required.");
    private readonly DataOptions data = new();
    private readonly Option<Part?> split = CheckedOption.Choice<Part>(
        "--split", "Which part of the set. Default: test.");

    private readonly Option<double?> width = CheckedOption.Number(
        "--width", "X", "The multiplier of the hidden channels. Default: the file's, or 1.", SettingRange.Width);

    private readonly Option<int?> batchSize = CheckedOption.Integer(
        "--batch-size", "Images at a time; changes the speed only.", SettingRange.BatchSize);
    private readonly DeviceOptions device = new();

    private readonly Option<string?> logits = CheckedOption.Path(
        "--logits", "FILE.npy", "Write the scores, items × classes, as a NumPy file of float32.");

    private readonly Option<bool> json = CheckedOption.Switch("--json", "Print one JSON object instead of tables.");

    public EvaluateCommand()
        : base("evaluate", "evaluate MODEL", "Measure saved weights: loss, accuracy, also per class, confusion matrix.")
    {
        AddModel(model);
        AddGroup("Data", data.Data, data.Folder, data.Download, split, data.Label, data.Separator, data.Resize,
            data.SkipDamaged);
        AddGroup("Network", weights, width);
        AddGroup("Run", batchSize, device.Name, device.Threads, device.Precision);
        AddGroup("Output", logits, json);
        Examples.AddRange(
        [
            ("pynet evaluate nin --weights runs/first/best.safetensors",
                "Measure on the data that the weights were trained for."),
            ("pynet evaluate alexnet --weights alexnet.safetensors --data cifar10 --data-dir data --logits scores.npy",
                "Keep the scores for NumPy."),
        ]);
    }

    protected override int Run(ParseResult parse)
    {
        var network = NetworkCatalog.Find(parse.GetValue(model)!);
        var file = parse.GetValue(weights)
            ?? throw new InputException("--weights is missing; expected the file with the network's weights.");
        var scores = parse.GetValue(logits);
        NumpyFile.CheckPath("--logits", scores);

        var origin = WeightMetadata.Read(file, network.Name);
        var recipe = network.Recipe with
        {
            Data = parse.GetValue(data.Data) is { } given
                ? PictureFolder.Resolve(given) : origin.Data ?? network.Recipe.Data,
            WidthMultiplier = parse.GetValue(width) ?? origin.WidthMultiplier ?? network.Recipe.WidthMultiplier,
            Resize = parse.GetValue(data.Resize) ?? origin.Resize ?? network.Recipe.Resize,
            BatchSize = parse.GetValue(batchSize) ?? network.Recipe.BatchSize,
            Mean = origin.Mean ?? network.Recipe.Mean,
            Std = origin.Std ?? network.Recipe.Std,
        };

        var target = device.Open(parse);
        var asJson = parse.GetValue(json);
        var sets = LoadCsv(parse, recipe.Data, origin) is { } table ? table
            : PictureFolder.IsOne(recipe.Data) ? LoadPictures(parse, network, recipe, origin)
            : data.Load(parse, recipe.Data, parse.GetValue(data.Folder), new ConsoleOutput(quiet: asJson));
        var part = parse.GetValue(split) == Part.Train ? sets.Train : sets.Test;
        var transform = recipe.CreateTransforms(sets.Train);
        var loader = new DataLoader(part, recipe.BatchSize, transform, shuffle: false, device: target);

        var options = new NetworkOptions(loader.ItemShape, part.ClassNames.Count)
        {
            WidthMultiplier = recipe.WidthMultiplier,
        };
        network.CheckWeights(options, file);            // before memory is allocated for what its metadata say
        var built = network.Create(options, new Rng(0));
        var layers = ModelSummary.Of(built, loader.ItemShape);
        ActivationMemory.Check(target, layers, loader.ItemShape, loader.BatchSize, isTraining: false);
        built.Load(file);
        built.To(target);

        using var stop = new StopSignals();
        if (Evaluate(built, loader, new ConsoleOutput(quiet: asJson), stop.Token) is not { } result)
        {
            ConsoleOutput.WriteError("stopped before all items were measured");
            return stop.ExitCode;
        }

        var others = OtherPreprocessing(recipe, origin);
        if (others is not null) ConsoleOutput.WriteError(others);
        if (scores is not null) NumpyFile.Write(scores, result.Logits.Span, result.Count, result.Classes);
        if (asJson) ConsoleOutput.WriteDocument(ToJson(network.Name, part, result, origin).ToJsonString(Indented));
        else WriteResult(new ConsoleOutput(), network.Name, part, result, scores);
        return result.NanCount < result.Count
            ? 0
            : throw new InputException($"With '{file}' every item has a NaN among its scores: they classify nothing.");
    }

    /// <summary>The table that the weights were trained on, in its parts; null for other data.</summary>
    private TrainTestSplit? LoadCsv(ParseResult parse, string path, WeightMetadata origin)
    {
        var kept = origin.Label is null ? null : new CsvOptions(origin.Label)
        {
            Separator = origin.Separator ?? ',',
            TestShare = origin.TestShare ?? PictureFolder.DefaultTestShare,
            Seed = origin.Seed ?? 0,
        };
        if (data.ReadCsv(parse, path, kept) is not { } options) return null;
        return path == origin.Data
            ? new CsvFile(path, options).Load()
            : throw new InputException(
                $"'{path}' is not what the weights were trained on, by whose training items numbers are normalized; " +
                "its lines would be normalized in another way.");
    }

    /// <summary>The pictures that the weights were trained for, in their parts; or all of another folder.</summary>
    private TrainTestSplit LoadPictures(
        ParseResult parse, NetworkDefinition network, Recipe recipe, WeightMetadata origin)
    {
        var item = parse.GetValue(data.Resize) is null ? origin.Item : null;
        var folder = new PictureFolder(
            recipe.Data, item ?? PictureFolder.ItemFor(network, recipe.Resize), origin.TestShare, origin.Seed ?? 0,
            parse.GetValue(data.SkipDamaged));
        if (recipe.Data == origin.Data) return folder.Load();
        if (parse.GetValue(split) == Part.Train)
            throw new InputException($"--split train: '{recipe.Data}' is not what the weights were trained on.");
        var all = folder.LoadAll(origin.ClassNames);
        return new(all, all);
    }

    /// <summary>What the weights were trained with, where that is something else; null if it is not.</summary>
    private static string? OtherPreprocessing(Recipe recipe, WeightMetadata origin)
    {
        string?[] differences =
        [
            origin.Data is { } data && data != recipe.Data
                ? $"trained on {ErrorText.Quote(data)}, evaluated on {ErrorText.Quote(recipe.Data)}" : null,
            origin.Model is not null && origin.Resize != recipe.Resize
                ? $"trained on {Size(origin.Resize)}, evaluated on {Size(recipe.Resize)}" : null,
        ];
        var text = string.Join("; ", differences.OfType<string>());
        return text.Length == 0 ? null : $"the weights were {text}";

        static string Size(int? side) =>
            side is { } n ? $"images resized to {NumberFormatting.Shape([n, n])}" : "images as they are";
    }

    /// <returns>Null if it was stopped.</returns>
    private static Evaluation? Evaluate(Module model, DataLoader items, ConsoleOutput screen, CancellationToken stop)
    {
        Evaluation? result = null;
        try
        {
            screen.WithProgressBar("measuring", items.Count, bar => result = Evaluation.Run(
                model, items, cancellation: stop, progress: new EvaluationDisplay(screen, bar, "", items.Count)));
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        return result;
    }

    private static JsonObject ToJson(string model, Dataset part, Evaluation result, WeightMetadata origin)
    {
        var classes = Enumerable.Range(0, result.Classes).ToArray();
        return new()
        {
            ["model"] = model,
            ["data"] = part.Name,
            ["trained_on"] = origin.Data,
            ["count"] = result.Count,
            ["loss"] = double.IsFinite(result.Loss) ? result.Loss : null,
            ["accuracy"] = result.Accuracy,
            ["nan_count"] = result.NanCount,
            ["constant_classes"] = new JsonArray([.. result.ConstantClasses.Select(k => (JsonNode)part.ClassNames[k])]),
            ["classes"] = new JsonArray([.. classes.Select(k => (JsonNode)new JsonObject
            {
                ["name"] = part.ClassNames[k],
                ["count"] = result.ClassCount(k),
                ["accuracy"] = result.ClassAccuracy(k),
            })]),
            ["confusion"] = new JsonArray([.. classes.Select(Row)]),
        };

        JsonNode Row(int truth) => new JsonArray([.. classes.Select(k => (JsonNode)result[truth, k])]);
    }

    private static void WriteResult(ConsoleOutput screen, string model, Dataset part, Evaluation result, string? scores)
    {
        screen.WriteInfo($"{model} on {part.Name}: {NumberFormatting.Count(result.Count, "item")}");
        screen.WriteInfo($"loss     {NumberFormatting.Loss(result.Loss)}");
        var (correct, unclassified) = (NumberFormatting.Count(result.Correct), NumberFormatting.Count(result.NanCount));
        screen.WriteInfo($"accuracy {NumberFormatting.Percent(result.Accuracy ?? 0)} ({correct} correct)");
        if (result.NanCount > 0)
            screen.WriteInfo($"NaN      {unclassified} of the items have one among their scores: incorrect");
        if (result.ConstantClasses.Count is > 0 and var constant)
            screen.WriteInfo($"dead     {DeadOutputs.Describe(constant)}");
        WriteClasses(screen, part, result);
        if (result.Classes > MaxColumns || !TryWriteConfusionMatrix(screen, part, result))
            WriteTopConfusions(screen, part, result);
        if (scores is not null) screen.WriteInfo($"scores, {result.Count}×{result.Classes}, are in {scores}");
    }

    private static void WriteClasses(ConsoleOutput screen, Dataset part, Evaluation result) => screen.WriteTable(
        [
            new("Class", 3, IsNumber: true), new("Name", 1), new("Items", 4, IsNumber: true),
            new("Accuracy", 2, IsNumber: true),
        ],
        part.ClassNames.Select((name, k) => (string[])
        [
            $"{k}", name, NumberFormatting.Count(result.ClassCount(k)),
            result.ClassAccuracy(k) is { } share ? NumberFormatting.Percent(share) : "–",
        ]));

    /// <summary>Shows the matrix if there is room for all of it; a part would say little.</summary>
    private static bool TryWriteConfusionMatrix(ConsoleOutput screen, Dataset part, Evaluation result)
    {
        var classes = Enumerable.Range(0, result.Classes).ToArray();
        Column[] columns = [new("", 1), .. classes.Select(k => new Column($"{k}", 2, IsNumber: true))];
        string[][] rows = [.. classes.Select(Row)];
        if (!screen.TableFits(columns, rows)) return false;
        screen.WriteInfo("Confusion matrix: rows true, columns predicted");
        screen.WriteTable(columns, rows);
        return true;

        string[] Row(int truth) => [$"{truth} {part.ClassNames[truth]}", .. classes.Select(k => Cell(truth, k))];

        string Cell(int truth, int k) => result[truth, k] is > 0 and var n ? NumberFormatting.Count(n) : "·";
    }

    private static void WriteTopConfusions(ConsoleOutput screen, Dataset part, Evaluation result)
    {
        screen.WriteInfo($"The {MaxColumns} most frequent confusions; --json has them all");
        var pairs = from truth in Enumerable.Range(0, result.Classes)
                    from predicted in Enumerable.Range(0, result.Classes)
                    where truth != predicted && result[truth, predicted] > 0
                    orderby result[truth, predicted] descending
                    select (truth, predicted);
        screen.WriteTable(
            [new("True class", 1), new("Predicted", 2), new("Items", 3, IsNumber: true)],
            pairs.Take(MaxColumns).Select(pair => (string[])
            [
                part.ClassNames[pair.truth], part.ClassNames[pair.predicted],
                NumberFormatting.Count(result[pair.truth, pair.predicted]),
            ]));
    }
}
