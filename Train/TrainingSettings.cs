using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>All settings that decide a run.</summary>
/// <param name="Network">The network to train.</param>
/// <param name="Recipe">Its own recipe with the user's changes.</param>
internal sealed record TrainingSettings(NetworkDefinition Network, Recipe Recipe)
{
    /// <summary>The initialization that the user chose; null for the recipe's.</summary>
    public Initialization? Init { get; init; }

    /// <summary>The file of the initial weights; null to draw them.</summary>
    public string? Weights { get; init; }

    /// <summary>Whether the head is drawn, whatever <see cref="Weights"/> have.</summary>
    public bool NewHead { get; init; }

    /// <summary>The paths of the modules that are not trained; see <see cref="FrozenModules"/>.</summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>The data folder; null for the environment's or the default one.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The share of a folder's or a file's items to test on; null where the data have parts.</summary>
    public double? TestShare { get; init; }

    /// <summary>How a file of comma-separated values is read; null for other data.</summary>
    public CsvOptions? CsvOptions { get; init; }

    /// <summary>Whether a folder's damaged pictures are left out.</summary>
    public bool SkipDamaged { get; init; }

    /// <summary>Whether the user chose the recipe's <see cref="Recipe.Resize"/>.</summary>
    public bool ResizeIsChosen { get; init; }

    public Regularization Regularization { get; init; } = new();

    public bool Shuffle { get; init; } = true;

    public int? Limit { get; init; }

    public int? MaxSteps { get; init; }

    /// <summary>Whether validation and test items are measured at all.</summary>
    public bool Evaluates { get; init; } = true;

    /// <summary>Whether event files for TensorBoard are written.</summary>
    public bool Tensorboard { get; init; }

    /// <summary>The most items of each part that are measured; null for all.</summary>
    public int? EvaluateLimit { get; init; }

    /// <summary>As <see cref="PyNetSharp.Training.Trainer.AccumulateSteps"/>.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>As <see cref="PyNetSharp.Training.Trainer.Shards"/>.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>The items that are computed at a time, in training and in evaluation.</summary>
    public int LargestShard => LargestShardOf(Recipe.BatchSize, Shards);

    /// <summary>The items of the largest of the parts into which a batch is cut.</summary>
    public static int LargestShardOf(int batchSize, int shards) => (batchSize + shards - 1) / shards;

    public ulong Seed { get; init; }

    /// <summary>The threads chosen for the CPU; null for one per core.</summary>
    public int? Threads { get; init; }

    /// <summary>When checkpoints are written, and what follows a divergence.</summary>
    public CheckpointPolicy Checkpoints { get; init; } = new();

    /// <summary>The port of the page that shows the training as it runs, 0 for a free one; null for none.</summary>
    public int? ServePort { get; init; }

    /// <summary>Whether a run that is complete is a success, as for a supervisor that repeats the command.</summary>
    public bool AcceptsComplete { get; init; }

    /// <summary>The settings with which the run last began or resumed, if this one resumes it.</summary>
    public RunConfig? ResumedFrom { get; init; }

    public required Device Device { get; init; }

    public required RunFolder RunFolder { get; init; }

    /// <summary>The folder of pictures that is the data set; null for one of the catalog.</summary>
    public PictureFolder? Pictures => PictureFolder.IsOne(Recipe.Data)
        ? new(Recipe.Data, PictureFolder.ItemFor(Network, Recipe.Resize), TestShare, Seed, SkipDamaged)
        : null;

    /// <summary>The file that is the data set; null for another one.</summary>
    public CsvFile? Csv => CsvOptions is null ? null : new(Recipe.Data, CsvOptions);

    /// <summary>
    /// Reads the file or the folder of pictures that the data are; null where they are a set by name.
    /// </summary>
    /// <exception cref="InputException">It is faulty.</exception>
    public TrainTestSplit? LoadOwnData() => Csv?.Load() ?? Pictures?.Load();

    /// <summary>The metadata of the run's weight files.</summary>
    /// <param name="data">The data set.</param>
    public IReadOnlyDictionary<string, string> MetadataOf(Dataset data) => new WeightMetadata
    {
        Model = Network.Name,
        Data = Recipe.Data,
        WidthMultiplier = Recipe.WidthMultiplier,
        Item = data.ItemShape.Rank == 3 && data.ItemShape[0] is 1 or 3 ? data.ItemShape : null,
        Resize = Recipe.Resize,
        Mean = Recipe.Mean,
        Std = Recipe.Std,
        ClassNames = data.ClassNames,
        TestShare = TestShare,
        Seed = TestShare is null ? null : Seed,
        Label = CsvOptions?.Label,
        Separator = CsvOptions?.Separator,
    }.ToMetadata();

    /// <summary>The description of the device; null for the CPU.</summary>
    public DeviceDescription? Gpu =>
        Device is CpuDevice ? null : DeviceCatalog.Gpus.FirstOrDefault(gpu => gpu.Name == Device.Name);
}
