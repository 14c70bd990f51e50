using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>Everything that decides how a run goes.</summary>
/// <param name="Network">What to train.</param>
/// <param name="Recipe">Its own recipe with the user's changes.</param>
internal sealed record TrainingSettings(NetworkDefinition Network, Recipe Recipe)
{
    /// <summary>How the user wants the weights drawn; null for the recipe's way with its safe start.</summary>
    public Initialization? Init { get; init; }

    /// <summary>The weights to start from; null to draw them.</summary>
    public string? Weights { get; init; }

    /// <summary>Whether the user asked for the recipe's <see cref="Recipe.Resize"/>.</summary>
    public bool ResizeIsChosen { get; init; }

    public bool Augment { get; init; }

    public bool Shuffle { get; init; } = true;

    public int? Limit { get; init; }

    public int? MaxSteps { get; init; }

    public ulong Seed { get; init; }

    /// <summary>The words of the call.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The call that began the run, if this one goes on with it.</summary>
    public RunConfig? ResumedFrom { get; init; }

    public required Device Device { get; init; }

    public required RunFolder RunFolder { get; init; }

    /// <summary>What the run's weight files say of themselves.</summary>
    public IReadOnlyDictionary<string, string> Metadata =>
        new WeightMetadata(Network.Name, Recipe.Data, Recipe.WidthMultiplier, Recipe.Resize).ToMetadata();

    /// <summary>What is known about the device; null for the CPU.</summary>
    public DeviceDescription? Gpu => Device is CpuDevice ? null : DeviceCatalog.Gpus.FirstOrDefault(gpu => gpu.Name == Device.Name);

    private static string? Version => typeof(TrainingSettings).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    /// <summary>All settings, as <c>config.json</c> has them.</summary>
    public JsonObject ToJson() => new()
    {
        ["model"] = Network.Name,
        ["width"] = Recipe.WidthMultiplier,
        ["dropout"] = Recipe.Dropout,
        ["init"] = LowerCaseName(Init ?? Recipe.Initialization),
        ["safe_start"] = Init is null && Recipe.InitializesHead && Weights is null,
        ["weights"] = Weights,
        ["data"] = Recipe.Data,
        ["limit"] = Limit,
        ["resize"] = Recipe.Resize,
        ["mean"] = Recipe.Mean,
        ["deviation"] = Recipe.Std,
        ["augment"] = Augment,
        ["shuffle"] = Shuffle,
        ["batch_size"] = Recipe.BatchSize,
        ["optimizer"] = LowerCaseName(Recipe.Optimizer),
        ["learning_rate"] = Recipe.LearningRate,
        ["momentum"] = Recipe.Optimizer == OptimizerKind.Sgd ? Recipe.Momentum : null,
        ["nesterov"] = Recipe.Optimizer == OptimizerKind.Sgd ? Recipe.Nesterov : null,
        ["weight_decay"] = Recipe.WeightDecay,
        ["schedule"] = Recipe.Schedule,
        ["epochs"] = Recipe.Epochs,
        ["max_steps"] = MaxSteps,
        ["evaluate_every"] = Recipe.EvaluateEvery,
        ["seed"] = Seed,
        ["device"] = Device.Name,
        ["device_model"] = Gpu?.Model,
        ["driver"] = Gpu?.Driver,
        ["precision"] = LowerCaseName(Device.Precision),
        ["threads"] = (Device as CpuDevice)?.Threads,
        [RunConfig.Arguments] = new JsonArray([.. Arguments.Select(word => (JsonNode)word)]),
        [RunConfig.Started] = DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:sszzz", null),
        ["versions"] = new JsonObject
        {
            ["pynet"] = Version,
            ["dotnet"] = Environment.Version.ToString(),
            ["os"] = RuntimeInformation.OSDescription,
            ["processor"] = RuntimeInformation.ProcessArchitecture.ToString(),
        },
    };

    private static string LowerCaseName<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
