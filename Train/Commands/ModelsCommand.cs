using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary><c>pynet models</c>: lists the networks, or shows the layers of one and how they are computed.</summary>
internal sealed class ModelsCommand : ConsoleCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Argument<string?> model = new("MODEL")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description =
            "The network to show: its layers with their shapes and costs, and its recipe. Default: list all.",
    };

    private readonly Option<int?> size = CheckedOption.Integer(
        "--size", "Input images of N×N. Default: the model's size.", 1, 1024);
    private readonly Option<int?> classes = CheckedOption.Integer(
        "--classes", "How many classes. Default: 10.", 2, 100_000);

    private readonly Option<double?> width = CheckedOption.Number(
        "--width", "X", "Multiply the hidden channels by X. Default: 1.",
        "above 0 and up to 16", x => x is > 0 and <= 16);

    private readonly Option<bool> plan = CheckedOption.Switch(
        "--plan", "Also show how CPUs compute each convolution and linear layer: algorithm, GFLOP per step, and why.");
    private readonly Option<int?> batchSize = CheckedOption.Integer(
        "--batch-size", "Images per step, for --plan. Default: the model's.", 1, 1 << 20);

    private readonly Option<bool> json = CheckedOption.Switch("--json", "Print one JSON object instead of tables.");

    public ModelsCommand() : base("models", "models [MODEL]", "List the networks, or show one layer by layer.")
    {
        AddModel(model);
        AddGroup("Network", size, classes, width);
        AddGroup("Computation", plan, batchSize);
        AddGroup("Output", json);
        Examples.AddRange(
        [
            ("pynet models", "List the networks."),
            ("pynet models alexnet --size 224", "Show AlexNet on 224×224 images."),
            ("pynet models nin --plan", "Show how each layer of NiN is computed."),
            ("pynet models lenet5 --json", "Print LeNet-5's layers and recipe for a program."),
        ]);
    }

    protected override int Run(ParseResult parse)
    {
        var screen = new ConsoleOutput();
        CheckOptions(parse);
        if (parse.GetValue(json)) ConsoleOutput.WriteDocument(ToJson(parse).ToJsonString(Indented));
        else if (parse.GetValue(model) is { } name) Show(screen, NetworkCatalog.Find(name), parse);
        else List(screen);
        return 0;
    }

    /// <exception cref="InputException">An option would have no effect.</exception>
    private void CheckOptions(ParseResult parse)
    {
        Option[] ofOneModel = [size, classes, width, plan, batchSize];
        if (parse.GetValue(model) is null && Array.Find(ofOneModel, IsGiven) is { } alone)
            throw new InputException($"{alone.Name} needs a MODEL, as in 'pynet models nin {alone.Name}'.");
        if (parse.GetValue(plan) && parse.GetValue(json))
            throw new InputException("--plan is a table; expected it or --json.");
        if (IsGiven(batchSize) && !parse.GetValue(plan))
            throw new InputException("--batch-size needs --plan; without it nothing depends on the batch.");

        bool IsGiven(Option option) => parse.GetResult(option) is { Implicit: false };
    }

    private static void List(ConsoleOutput screen)
    {
        screen.WriteTable(
            [
                new("Model", 1), new("", 2), new("Input", 3, IsNumber: true), new("Data", 4),
                new("Batch", 6, IsNumber: true), new("Optimizer", 8), new("Learning rate", 7, IsNumber: true),
                new("Epochs", 5, IsNumber: true),
            ],
            NetworkCatalog.All.Select(network => (string[])
            [
                network.Name, network.Summary, NumberFormatting.Shape(network.Input), network.Recipe.Data,
                $"{network.Recipe.BatchSize}", network.Recipe.Optimizer.ToString().ToLowerInvariant(),
                NumberFormatting.Number(network.Recipe.LearningRate), $"{network.Recipe.Epochs}",
            ]));
        screen.WriteInfo("'pynet models MODEL' shows one; 'pynet train MODEL' trains it with these settings.");
    }

    private JsonObject ToJson(ParseResult parse)
    {
        if (parse.GetValue(model) is not { } name)
            return new() { ["models"] = new JsonArray([.. NetworkCatalog.All.Select(ModelJson.Of)]) };
        var network = NetworkCatalog.Find(name);
        var (input, trace) = Trace(network, parse);
        return ModelJson.Of(network, input, trace);
    }

    private (Shape Input, IReadOnlyList<LayerSummary> Layers) Trace(NetworkDefinition network, ParseResult parse)
    {
        var input = parse.GetValue(size) is { } side ? Shape.Create([network.Input[0], side, side]) : network.Input;
        var options = new NetworkOptions(input, parse.GetValue(classes) ?? 10)
        {
            WidthMultiplier = parse.GetValue(width) ?? 1,
        };
        var built = network.Create(options, new Rng(0));
        return (input, ModelSummary.Of(built, input));
    }

    private void Show(ConsoleOutput screen, NetworkDefinition network, ParseResult parse)
    {
        var (input, trace) = Trace(network, parse);
        screen.WriteInfo($"{network.Name}: {network.Summary}, for items of {NumberFormatting.Shape(input)}");
        LayerTable.Show(screen, trace);
        var recipe = network.Recipe;
        var resize = recipe.Resize is { } pixels ? $" resized to {pixels}×{pixels}" : "";
        screen.WriteInfo($"\nTraining: {recipe.Data}{resize}, {RecipeText.Describe(recipe)};");
        screen.WriteInfo($"  {RecipeText.DescribeReports(recipe)}");
        if (parse.GetValue(plan)) ShowPlan(screen, trace, input, parse.GetValue(batchSize) ?? network.Recipe.BatchSize);
    }

    private static void ShowPlan(ConsoleOutput screen, IReadOnlyList<LayerSummary> trace, Shape item, int batch)
    {
        screen.WriteInfo($"\nHow CPUs compute a step of {NumberFormatting.Count(batch, "image")}:");
        screen.WriteTable(
            [
                new("", 1), new("Layer", 5), new("Pass", 2), new("Algorithm", 2), new("GFLOP", 3, IsNumber: true),
                new("Why", 4),
            ],
            PlanRows(trace, item, batch));
    }

    /// <summary>Three rows per convolution or linear layer, one per pass.</summary>
    private static IEnumerable<string[]> PlanRows(IReadOnlyList<LayerSummary> trace, Shape item, int batch)
    {
        Shape input = [batch, .. item];
        var isFirst = true;
        foreach (var layer in trace.Where(layer => layer.IsLeaf))
        {
            if (PlanOf(layer.Module, input) is var (forward, inputGradient, weightGradient))
            {
                yield return Row(layer.Path, $"{layer.Module}", "forward", forward);
                yield return isFirst
                    ? ["", "", "input gradient", "none", "", "the input is the data"]
                    : Row("", "", "input gradient", inputGradient);
                yield return Row("", "", "weight gradient", weightGradient);
                isFirst = false;
            }

            input = [batch, .. layer.Output.Skip(1)];       // leaves are in the order in which they run
        }

        static string[] Row(string path, string layer, string pass, PassPlan plan) =>
            [path, layer, pass, plan.Algorithm, NumberFormatting.Number(plan.Gflop), plan.Reason];
    }

    private static Conv2dPlan? PlanOf(Module module, Shape input) => module switch
    {
        Conv2d conv =>
            Conv2dPlan.For(input, conv.Weight.Shape, conv.Stride, conv.Padding, conv.Dilation, conv.Groups),
        Linear linear => Conv2dPlan.ForLinear(input[0], linear.Weight.Shape[1], linear.Weight.Shape[0]),
        _ => null,
    };
}
