using System.CommandLine;
using PyNetSharp.Data;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary><c>pynet gradcheck</c>: a network's gradients against differences of its loss.</summary>
internal sealed class GradcheckCommand : ConsoleCommand
{
    private const int DefaultBatchSize = 2, DefaultClasses = 10;

    private readonly Argument<string> model = new("MODEL") { Description = "The network to check." };

    private readonly DataOptions data = new();
    private readonly Option<string?> dataName = CheckedOption.Text(
        "--data", "NAME",
        $"Take shape and classes from a data set: {string.Join(", ", DataCatalog.Names)}. " +
        "Default: the model's own shape and 10 classes; no set is needed.");

    private readonly Option<int?> size = CheckedOption.Integer(
        "--size", "Input images of N×N. Default: the model's size.", SettingRange.Resize);
    private readonly Option<int?> classes = CheckedOption.Integer(
        "--classes", "How many classes. Default: the data set's, or 10.", 2, 100_000);
    private readonly Option<double?> width = CheckedOption.Number(
        "--width", "X", "Multiply the hidden channels by X. Default: 1.", SettingRange.Width);
    private readonly Option<int?> batchSize = CheckedOption.Integer(
        "--batch-size", "Random items per batch. Default: 8; batch normalization over 2 is nearly a step.",
        SettingRange.BatchSize);
    private readonly Option<ulong?> seed = CheckedOption.Seed(
        "--seed", "The seed of weights, items and labels. Default: 0.");
    private readonly DeviceOptions device = new();

    public GradcheckCommand()
        : base("gradcheck", "gradcheck MODEL", "Check a network's gradients against differences of its loss.")
    {
        AddModel(model);
        AddGroup("Data", dataName, data.Folder, data.Download);
        AddGroup("Network", size, classes, width);
        AddGroup("Run", batchSize, seed, device.Name, device.Threads);
        Examples.AddRange(
        [
            ("pynet gradcheck lenet5", "Check the gradient of every parameter and of the input."),
            ("pynet gradcheck nin --width 0.25 --device cuda", "Check a narrow NiN on a GPU."),
        ]);
    }

    /// <returns>0 if all gradients agree, 1 if not.</returns>
    protected override int Run(ParseResult parse)
    {
        var network = NetworkCatalog.Find(parse.GetValue(model)!);
        var screen = new ConsoleOutput();
        var (item, count) = ShapeAndClasses(parse, network, screen);
        var options = new NetworkOptions(item, parse.GetValue(classes) ?? count)
        {
            WidthMultiplier = parse.GetValue(width) ?? network.Recipe.WidthMultiplier,
            Dropout = 0,                                // drops at random, so it has no gradient to compare
        };
        var target = device.Open(parse);
        var rng = new Rng(parse.GetValue(seed) ?? 0);
        var built = network.Create(options, rng);
        network.Recipe.Initialize(built, rng);
        built.To(target);

        var batch = parse.GetValue(batchSize) ?? DefaultBatchSize;
        var items = Tensor.Uniform([batch, .. item], -1, 1, rng, target);
        var labels = Enumerable.Range(0, batch).Select(_ => rng.Next(options.Classes)).ToArray();
        screen.WriteInfo(
            $"{network.Name} on {batch} random items of {NumberFormatting.Shape(item)}, {options.Classes} classes, " +
            $"{target.Name}: gradients of the cross-entropy against its differences");
        var report = GradientCheck.Of(built, items, x => built.Forward(x).CrossEntropy(labels));
        return Show(screen, report);
    }

    /// <summary>One item's shape and the number of classes: the data set's, or the network's own.</summary>
    private (Shape Item, int Classes) ShapeAndClasses(
        ParseResult parse, NetworkDefinition network, ConsoleOutput screen)
    {
        var (item, count, side) = (network.Input, DefaultClasses, parse.GetValue(size));
        if (parse.GetValue(dataName) is { } name)
        {
            var set = data.Load(parse, name, parse.GetValue(data.Folder), screen).Train;
            (item, count, side) = (set.ItemShape, set.ClassNames.Count, side ?? network.Recipe.Resize);
        }

        return (item.Rank == 3 && side is { } n ? Shape.Create([item[0], n, n]) : item, count);
    }

    private static int Show(ConsoleOutput screen, GradientReport report)
    {
        foreach (var line in report.ToString().TrimEnd().Split('\n')) screen.WriteResult(line.TrimEnd('\r'));
        var wrong = report.Rows.Where(row => !row.Passed).Select(row => row.Name).ToArray();
        screen.WriteResult(wrong.Length == 0
            ? $"All {report.Rows.Count} gradients are correct."
            : $"{wrong.Length} of {report.Rows.Count} gradients {(wrong.Length == 1 ? "is" : "are")} incorrect: " +
                $"{string.Join(", ", wrong)}.");
        return wrong.Length == 0 ? 0 : 1;
    }
}
