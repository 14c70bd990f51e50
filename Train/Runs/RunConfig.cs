using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>The settings of a run, as its <c>config.json</c> has them; see <see cref="RunConfigFile"/>.</summary>
internal sealed partial record RunConfig
{
    public required string Model { get; init; }

    public required double Width { get; init; }

    public required float? Dropout { get; init; }

    public required Initialization Init { get; init; }

    /// <summary>Whether <see cref="Recipe.InitializesHead"/> was applied to the initial weights.</summary>
    public required bool SafeStart { get; init; }

    public required string? Weights { get; init; }

    /// <summary>Whether the head was drawn, whatever <see cref="Weights"/> had. Older files have no such key.</summary>
    public bool NewHead { get; init; }

    /// <summary>The paths of the modules that are not trained; older files have no such key.</summary>
    public IReadOnlyList<string>? Freeze { get; init; }

    public required string Data { get; init; }

    /// <summary>The data folder; null for the environment's or the default one.</summary>
    public string? DataDir { get; init; }

    /// <summary>The share of a folder's or file's items to test on; null for data with parts.</summary>
    public double? TestShare { get; init; }

    /// <summary>A hash of a folder's names or a file's content; null for other data and in older files.</summary>
    public string? Pictures { get; init; }

    /// <summary>Whether a folder's damaged pictures are left out; older files have no such key.</summary>
    public bool SkipDamaged { get; init; }

    public required int? Limit { get; init; }

    public required int? Resize { get; init; }

    public required float Mean { get; init; }

    public required float Deviation { get; init; }

    public required bool Shuffle { get; init; }

    public required int BatchSize { get; init; }

    /// <summary>The batches of one step; null, as in older files, for one.</summary>
    public int? Accumulate { get; init; }

    /// <summary>The shards of one batch; null, as in older files, for one.</summary>
    public int? Shards { get; init; }

    public required OptimizerKind Optimizer { get; init; }

    public required float LearningRate { get; init; }

    public required float? Momentum { get; init; }

    public required bool? Nesterov { get; init; }

    public required float WeightDecay { get; init; }

    /// <summary>As <see cref="ScheduleText"/> formats it.</summary>
    public required string Schedule { get; init; }

    public required int Epochs { get; init; }

    public required int? MaxSteps { get; init; }

    /// <summary>As <see cref="Recipe.Validation"/>; null, as in older files, for 0.</summary>
    public double? Validation { get; init; }

    public required int EvaluateEvery { get; init; }

    /// <summary>Whether anything is measured; older files have no such key, and measure.</summary>
    public EvaluationChoice? Evaluate { get; init; }

    /// <summary>As <see cref="TrainingSettings.EvaluateLimit"/>; older files have no such key.</summary>
    public int? EvaluateLimit { get; init; }

    /// <summary>As <see cref="Recipe.TestEvery"/>; null, as in older files, for 0.</summary>
    public int? TestEvery { get; init; }

    public required ulong Seed { get; init; }

    public required string Device { get; init; }

    public string? DeviceModel { get; init; }

    public string? Driver { get; init; }

    public required Precision Precision { get; init; }

    /// <summary>The threads chosen for the CPU; null for one per core.</summary>
    public required int? Threads { get; init; }

    /// <summary>As <see cref="CheckpointPolicy"/> formats it; older files have no such key.</summary>
    public string? CheckpointEvery { get; init; }

    /// <summary>The checkpoints to keep; older files have no such key.</summary>
    public int? Keep { get; init; }

    /// <summary>As <see cref="CheckpointPolicy"/> formats it; older files have no such key.</summary>
    public string? OnDivergence { get; init; }

    /// <summary>As <see cref="Recipe.LogEvery"/>; null, as in older files, for 0.</summary>
    public int? LogEvery { get; init; }

    /// <summary>As <see cref="Recipe.SaveEvery"/>; null, as in older files, for 0.</summary>
    public int? SaveEvery { get; init; }

    /// <summary>Whether event files for TensorBoard are written; older files have no such key.</summary>
    public bool Tensorboard { get; init; }

    /// <summary>The words of the command line, which older files have; not used.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Arguments { get; init; }

    /// <summary>The time at which the run began.</summary>
    public string? Started { get; init; }

    /// <summary>The program and the machine that last wrote the file.</summary>
    public IReadOnlyDictionary<string, string?>? Versions { get; init; }

    /// <summary>The steps after which the run was resumed, and the times.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Resumption>? Resumed { get; init; }

    /// <summary>The settings as they are written for a run that begins.</summary>
    public static RunConfig Of(TrainingSettings settings)
    {
        var recipe = settings.Recipe;
        var isSgd = recipe.Optimizer == OptimizerKind.Sgd;
        var hasMomentum = recipe.Optimizer is OptimizerKind.Sgd or OptimizerKind.RMSprop;
        return new RunConfig()
        {
            Model = settings.Network.Name,
            Width = recipe.WidthMultiplier,
            Dropout = recipe.Dropout,
            Init = settings.Init ?? recipe.Initialization,
            SafeStart = settings.Init is null && recipe.InitializesHead
                && (settings.Weights is null || settings.NewHead),
            Weights = settings.Weights,
            NewHead = settings.NewHead,
            Freeze = settings.Freeze,
            Data = recipe.Data,
            DataDir = settings.DataFolder,
            TestShare = settings.TestShare,
            Pictures = settings.Pictures?.Fingerprint() ?? settings.Csv?.Fingerprint(),
            SkipDamaged = settings.SkipDamaged,
            Limit = settings.Limit,
            Resize = recipe.Resize,
            Mean = recipe.Mean,
            Deviation = recipe.Std,
            Augment = settings.Regularization.Augment?.ToString(),
            Shuffle = settings.Shuffle,
            BatchSize = recipe.BatchSize,
            Accumulate = settings.Accumulate,
            Shards = settings.Shards,
            Optimizer = recipe.Optimizer,
            LearningRate = recipe.LearningRate,
            Momentum = hasMomentum ? recipe.Momentum : null,
            Nesterov = isSgd ? recipe.Nesterov : null,
            WeightDecay = recipe.WeightDecay,
            Schedule = ScheduleText.Format(recipe.Schedule),
            Epochs = recipe.Epochs,
            MaxSteps = settings.MaxSteps,
            Validation = recipe.Validation,
            EvaluateEvery = recipe.EvaluateEvery,
            Evaluate = settings.Evaluates ? EvaluationChoice.Always : EvaluationChoice.Never,
            EvaluateLimit = settings.EvaluateLimit,
            TestEvery = recipe.TestEvery,
            Seed = settings.Seed,
            Device = settings.Device.Name,
            DeviceModel = settings.Gpu?.Model,
            Driver = settings.Gpu?.Driver,
            Precision = settings.Device.Precision,
            Threads = settings.Device is CpuDevice ? settings.Threads : null,
            CheckpointEvery = settings.Checkpoints.EveryText,
            Keep = settings.Checkpoints.Keep,
            OnDivergence = settings.Checkpoints.OnDivergenceText,
            LogEvery = recipe.LogEvery,
            SaveEvery = recipe.SaveEvery,
            Tensorboard = settings.Tensorboard,
            Started = Now(),
            Versions = CurrentVersions(),
        }.With(settings.Regularization).With(settings.CsvOptions);
    }

    /// <summary>The settings of a run that resumes from this file, which has passed <see cref="Check"/>.</summary>
    /// <exception cref="InputException">The schedule does not fit into the epochs.</exception>
    public TrainingSettings ToSettings(Device device, RunFolder folder)
    {
        var network = NetworkCatalog.Find(Model);
        var recipe = network.Recipe with
        {
            Data = Data,
            WidthMultiplier = Width,
            Dropout = Dropout,
            Resize = Resize,
            Mean = Mean,
            Std = Deviation,
            BatchSize = BatchSize,
            Optimizer = Optimizer,
            LearningRate = LearningRate,
            Momentum = Momentum ?? 0,
            Nesterov = Nesterov ?? false,
            WeightDecay = WeightDecay,
            Schedule = ScheduleText.Parse(Schedule, Epochs),
            Epochs = Epochs,
            Validation = Validation ?? 0,
            EvaluateEvery = EvaluateEvery,
            TestEvery = TestEvery ?? 0,
            LogEvery = LogEvery ?? 0,
            SaveEvery = SaveEvery ?? 0,
            Initialization = Init,
            InitializesHead = SafeStart,
        };
        return new(network, recipe)
        {
            Weights = Weights,
            NewHead = NewHead,
            Freeze = Freeze ?? [],
            DataFolder = DataDir,
            TestShare = TestShare,
            CsvOptions = ToCsvOptions(),
            SkipDamaged = SkipDamaged,
            Regularization = ToRegularization(),
            Shuffle = Shuffle,
            Limit = Limit,
            MaxSteps = MaxSteps,
            Evaluates = Evaluate != EvaluationChoice.Never,
            EvaluateLimit = EvaluateLimit,
            Tensorboard = Tensorboard,
            Accumulate = Accumulate ?? 1,
            Shards = Shards ?? 1,
            Seed = Seed,
            Threads = Threads,
            Checkpoints = CheckpointPolicy.Of(this),
            Device = device,
            RunFolder = folder,
            ResumedFrom = this,
        };
    }

    /// <summary>This run's settings as they are written when it resumes with others.</summary>
    /// <param name="now">The settings with which it resumes.</param>
    /// <param name="step">The steps done.</param>
    public RunConfig Resume(RunConfig now, long step) => now with
    {
        Arguments = Arguments,
        Started = Started,
        Resumed = [.. Resumed ?? [], new(step, now.Started)],
    };

    private static string Now() => DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:sszzz", null);

    private static Dictionary<string, string?> CurrentVersions() => new()
    {
        ["pynet"] = typeof(RunConfig).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
        ["dotnet"] = Environment.Version.ToString(),
        ["os"] = RuntimeInformation.OSDescription,
        ["processor"] = RuntimeInformation.ProcessArchitecture.ToString(),
        ["cores"] = FormattableString.Invariant($"{Environment.ProcessorCount}"),
    };

    /// <summary>The point from which a run was resumed.</summary>
    /// <param name="Step">The steps done.</param>
    /// <param name="At">The time.</param>
    internal sealed record Resumption(long Step, string? At);
}
