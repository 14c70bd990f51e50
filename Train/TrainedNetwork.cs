using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>Which weights of a run.</summary>
internal enum RunWeights
{
    /// <summary>Those of the best epoch.</summary>
    Best,

    /// <summary>The last ones.</summary>
    Last,
}

/// <summary>A file of weights, and what it or its run says of their network.</summary>
internal sealed record TrainedNetwork
{
    /// <summary>The file.</summary>
    public required string WeightsPath { get; init; }

    /// <summary>The network.</summary>
    public required NetworkDefinition Network { get; init; }

    /// <summary>The recipe with the data set, the width and the preprocessing of the weights.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>One item's shape after the preprocessing, the number of classes, and the width.</summary>
    public required NetworkOptions Options { get; init; }

    /// <summary>
    /// The names of the classes, from the file or from the data set; null if neither is known, or they are not as many.
    /// </summary>
    public required IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>What the file itself says.</summary>
    public required WeightMetadata Origin { get; init; }

    /// <summary>Whether the items are images, which are resized and normalized with one number each.</summary>
    public bool HasImages => Options.Input.Rank == 3;

    /// <summary>Finds a file's network; no weights are read.</summary>
    /// <param name="path">A run's folder, or a weight file.</param>
    /// <param name="choice">Which weights of a run; null for the best ones, if there are, or the last.</param>
    /// <param name="model">The network's name where the file does not say it; null for the file's.</param>
    /// <param name="change">Changes the recipe, which has the file's settings.</param>
    /// <param name="dataFolder">Where the data set, which says the names of the classes, may be.</param>
    /// <exception cref="InputException">
    /// There are no weights, their network is not known, or they do not fit it.
    /// </exception>
    public static TrainedNetwork Open(
        string path, RunWeights? choice, string? model, Func<Recipe, Recipe> change, string? dataFolder)
    {
        var config = Directory.Exists(path) ? new RunFolder(path).ReadConfig() : null;
        var file = config is null ? path : FindWeights(path, choice);
        var origin = WeightMetadata.Read(file);
        var network = NetworkCatalog.Find(model ?? config?.Model ?? origin.Model ?? throw new InputException(
            $"'{file}' does not say of which network its weights are; --model NAME does."));
        if (origin.Model is { } own && own != network.Name)
            throw new InputException(
                $"'{file}': they are weights of {ErrorText.Quote(own)}, not of {network.Name}.");

        var recipe = network.Recipe with
        {
            Data = config?.Data ?? origin.Data ?? network.Recipe.Data,
            WidthMultiplier = config?.Width ?? origin.WidthMultiplier ?? network.Recipe.WidthMultiplier,
            Resize = config is null ? origin.Resize ?? network.Recipe.Resize : config.Resize,
            Mean = config?.Mean ?? origin.Mean ?? network.Recipe.Mean,
            Std = config?.Deviation ?? origin.Std ?? network.Recipe.Std,
        };
        return Open(file, network, origin, change(recipe), config?.DataDir ?? dataFolder);
    }

    /// <summary>The model, in evaluation mode, with the weights.</summary>
    public Module Load()
    {
        var model = Network.Create(Options, new Rng(0));
        model.Load(WeightsPath);
        return model.Eval();
    }

    /// <summary>What a file of another format says of the weights.</summary>
    public Dictionary<string, string> ToMetadata() => new((Origin with
    {
        Model = Network.Name,
        Data = Recipe.Data,
        WidthMultiplier = Recipe.WidthMultiplier,
        Resize = Recipe.Resize,
        Mean = HasImages ? Recipe.Mean : null,
        Std = HasImages ? Recipe.Std : null,
        ClassNames = ClassNames,
    }).ToMetadata());

    private static string FindWeights(string path, RunWeights? choice)
    {
        var folder = new RunFolder(path);
        var (best, last) = (folder.BestWeightsPath, folder.LastWeightsPath);
        var file = choice == RunWeights.Last || (choice is null && !File.Exists(best)) ? last : best;
        return File.Exists(file)
            ? file
            : throw new InputException(
                $"The run in '{path}' has no {Path.GetFileName(file)}: " +
                (choice is null ? "it has no weights yet." : "--weights chooses others."));
    }

    private static TrainedNetwork Open(
        string file, NetworkDefinition network, WeightMetadata origin, Recipe recipe, string? dataFolder)
    {
        var data = FindData(recipe.Data, dataFolder);
        var (classes, names) = FindClasses(file, network, origin.ClassNames ?? data?.ClassNames);
        InputException? first = null;
        foreach (var item in PossibleItems(file, network, recipe, origin.Item ?? data?.ItemShape))
            try
            {
                var options = new NetworkOptions(item, classes) { WidthMultiplier = recipe.WidthMultiplier };
                network.CheckWeights(options, file);
                return new()
                {
                    WeightsPath = file, Network = network, Recipe = recipe, Options = options, ClassNames = names,
                    Origin = origin,
                };
            }
            catch (InputException fault)
            {
                first ??= fault;
            }

        throw first!;
    }

    /// <summary>The data set, if it is there.</summary>
    private static Dataset? FindData(string name, string? folder)
    {
        try
        {
            return !DataCatalog.NeedsFiles(name) || DataCatalog.FindFolder(name, folder) is not null
                ? DataCatalog.Load(name, folder).Train
                : null;
        }
        catch (InputException)                  // no set of ours, or damaged: the weights need it for its names alone
        {
            return null;
        }
    }

    private static (int Count, IReadOnlyList<string>? Names) FindClasses(
        string file, NetworkDefinition network, IReadOnlyList<string>? names)
    {
        using var weights = Safetensors.Open(file);
        var head = weights.Find($"{network.Head}.weight")?.Shape;
        var count = head is { Rank: > 0 } && head[0] >= 2 ? head[0] : names?.Count ?? 2;
        return (count, names?.Count == count ? names : null);
    }

    /// <summary>
    /// The items of the training as the recipe resizes them; where they are not known, items of each number of
    /// channels, and features.
    /// </summary>
    private static IEnumerable<Shape> PossibleItems(
        string file, NetworkDefinition network, Recipe recipe, Shape? item)
    {
        if (item is not null) yield return Resized(item);
        foreach (var channels in (int[])[network.Input[0], 3, 1])
            yield return Resized([channels, .. network.Input.Skip(1)]);
        using var weights = Safetensors.Open(file);
        if (weights.Find("fc1.weight")?.Shape is { Rank: 2 } fc1 && fc1[1] > 0) yield return [fc1[1]];

        Shape Resized(Shape item) => recipe.Resize is { } side && item.Rank == 3 ? [item[0], side, side] : item;
    }
}
