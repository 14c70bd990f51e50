using System.Globalization;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>
/// All that a stopped run needs to go on as if it had not stopped: the weights, what the optimizer remembers, and where
/// the random generators of the layers stand. What comes from the loader follows from the step.
/// </summary>
/// <remarks>A safetensors file with tensors <c>model.…</c> and <c>optimizer.…</c>; the rest is in its metadata.</remarks>
public static class Checkpoint
{
    private const string StepKey = "step", GeneratorKey = "generator.";

    /// <summary>Writes down where training stands.</summary>
    /// <param name="path">The file, replaced if it exists; never left half-written.</param>
    /// <param name="model">What is trained.</param>
    /// <param name="optimizer">What trains it.</param>
    /// <param name="step">The steps taken.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Save(string path, Module model, Optimizer optimizer, long step)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        var metadata = new Dictionary<string, string> { [StepKey] = step.ToString(CultureInfo.InvariantCulture) };
        foreach (var (layer, rng) in model.Generators())
            metadata[GeneratorKey + layer] = rng.State.ToString(CultureInfo.InvariantCulture);
        Safetensors.Save(path, State(model, optimizer), metadata);
    }

    /// <summary>Puts a model and its optimizer back to where they were.</summary>
    /// <param name="path">A checkpoint of an equal model and an equal optimizer, on any device.</param>
    /// <param name="model">Built as then.</param>
    /// <param name="optimizer">Of its parameters, built as then.</param>
    /// <returns>The steps that had been taken.</returns>
    /// <exception cref="InputException">
    /// The file cannot be read, is no checkpoint or does not fit. Then everything is as it was.
    /// </exception>
    public static long Load(string path, Module model, Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        using var file = Safetensors.Open(path);
        var step = Number(StepKey, long.MaxValue);
        var generators = model.Generators().Select(g => (g.Rng, State: Number(GeneratorKey + g.Path, ulong.MaxValue))).ToArray();

        ModuleSerialization.Load(path, file, State(model, optimizer));
        foreach (var (rng, state) in generators) rng.State = state;
        return (long)step;

        ulong Number(string key, ulong most) =>
            ulong.TryParse(file.Metadata.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= most
                ? n
                : throw new InputException($"'{path}' is no checkpoint of this model: its metadata have no sound '{key}'.");
    }

    private static (string, Tensor)[] State(Module model, Optimizer optimizer) =>
    [
        .. model.State().Select(s => ($"model.{s.Name}", s.Tensor)),
        .. optimizer.State().Select(s => ($"optimizer.{s.Name}", s.Tensor)),
    ];
}
