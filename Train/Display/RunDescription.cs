using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>What a run is, in a few lines before its first epoch: network, data, recipe, device, folder.</summary>
/// <param name="settings">Of the run.</param>
/// <param name="layers">Of its model.</param>
internal sealed class RunDescription(TrainingSettings settings, IReadOnlyList<LayerSummary> layers)
{
    private readonly Recipe recipe = settings.Recipe;

    /// <summary>The trainable values of the whole network, frozen or not.</summary>
    public long Parameters => layers.Where(layer => layer.Depth == 0).Sum(layer => layer.Parameters);

    private long MultiplyAdds => layers.Where(layer => layer.Depth == 0).Sum(layer => layer.MultiplyAdds);

    /// <summary>Prints it.</summary>
    public void Write(
        ConsoleOutput screen, Module model, LoadReport? loaded, RunParts parts, RankSession? ranks = null)
    {
        var width = recipe.WidthMultiplier == 1 ? "" : $" at width {NumberFormatting.Number(recipe.WidthMultiplier)}";
        Line(
            "network", $"{settings.Network.Name}{width}: {NumberFormatting.Count(Parameters, "parameter")}, " +
            $"{NumberFormatting.Count(MultiplyAdds, "multiply-add")} per item");
        if (loaded is not null) Line("weights", DescribeLoaded(loaded));
        if (settings.Freeze.Count > 0) Line("", FrozenModules.Describe(model, settings.Freeze));
        Line("data", $"{recipe.Data}: {parts.Counts} items of {NumberFormatting.Shape(parts.Train.ItemShape)} in " +
            $"{NumberFormatting.Count(parts.ClassNames.Count)} classes");
        if (settings.Regularization.Augment is { } augment) Line("", DescribeAugmentation(augment, parts));
        Line("training", $"{RecipeText.Describe(recipe, settings.Accumulate, settings.Shards)}, seed {settings.Seed}");
        if (settings.Regularization.Describe() is { } facts) Line("", facts);
        Line("", parts.Test is null ? "no evaluation" : RecipeText.DescribeReports(recipe));
        Line("device", DescribeDevice());
        if (ranks is not null) Line("ranks", ranks.Describe());
        Line("run", settings.RunFolder.Folder);

        void Line(string name, string text) => screen.WriteFact(name, text);
    }

    private static string DescribeAugmentation(Augmentations augment, RunParts parts) =>
        augment.ToString() == Augmentations.Standard
            ? RecipeText.DescribeAugmentation(parts.Train.ItemShape)
            : $"augmentation {augment}";

    private string DescribeLoaded(LoadReport loaded)
    {
        var drawn = loaded.Missing.Count == 0 ? "" : $"; newly initialized: {string.Join(", ", loaded.Missing)}";
        return $"{settings.Weights}: {NumberFormatting.Count(loaded.Loaded.Count, "tensor")} loaded{drawn}";
    }

    private string DescribeDevice() => settings.Device is CpuDevice cpu
        ? $"cpu, {NumberFormatting.Count(cpu.Threads, "thread")}"
        : $"{settings.Device} ({settings.Gpu?.Model})";
}

/// <summary>The items of a run: those that it trains on, chooses the best epoch by, and measures.</summary>
/// <param name="Train">The training items.</param>
/// <param name="Validation">Those held out; null for none.</param>
/// <param name="Test">The test items; null where nothing is evaluated.</param>
/// <param name="ClassNames">The names of the classes.</param>
internal sealed record RunParts(
    DataLoader Train, DataLoader? Validation, DataLoader? Test, IReadOnlyList<string> ClassNames)
{
    /// <summary>How many of each there are before <c>--evaluate-limit</c>: "60 training and 20 test".</summary>
    public string Counts
    {
        get
        {
            string[] parts =
            [
                $"{NumberFormatting.Count(Train.Count)} training",
                .. Validation is null ? [] : (string[])[Of(Validation.Count, ValidationCount, "validation")],
                .. Test is null ? [] : (string[])[Of(Test.Count, TestCount, "test")],
            ];
            return parts.Length == 1 ? parts[0] : $"{string.Join(", ", parts[..^1])} and {parts[^1]}";
        }
    }

    /// <summary>All validation items, measured or not.</summary>
    public int ValidationCount { get; init; }

    /// <summary>All test items, measured or not.</summary>
    public int TestCount { get; init; }

    private static string Of(int used, int all, string name) => used == all
        ? $"{NumberFormatting.Count(all)} {name}"
        : $"{NumberFormatting.Count(used)} of {NumberFormatting.Count(all)} {name}";
}
