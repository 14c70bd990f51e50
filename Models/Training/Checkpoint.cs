using System.Globalization;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>
/// The state from which a stopped run resumes as if it had not stopped: the weights, the optimizer's state, and that of
/// the layers' random generators. The loader's order follows from the step.
/// </summary>
/// <remarks>
/// A safetensors file with tensors <c>model.…</c> and <c>optimizer.…</c>, and those of every other
/// <see cref="ICheckpointed"/> under its name; the rest is in its metadata. In a loop of one's own:
/// <code>
/// var step = File.Exists(path) ? Checkpoint.Load(path, model, optimizer) : 0;
/// for (var epoch = (int)(step / train.BatchCount) + 1; epoch &lt;= epochs; epoch++)
/// {
///     foreach (var (x, labels) in train.Epoch(epoch))
///     {
///         …
///         step++;
///     }
///
///     Checkpoint.Save(path, model, optimizer, step);
/// }
/// </code>
/// </remarks>
public static class Checkpoint
{
    private const string StepKey = "step", GeneratorKey = "generator.";

    /// <summary>Saves the state of training.</summary>
    /// <param name="path">The file, replaced if it exists; never left half-written.</param>
    /// <param name="model">The model that is trained.</param>
    /// <param name="optimizer">The optimizer that trains it.</param>
    /// <param name="step">The steps done.</param>
    /// <param name="others">What else has a state, such as averaged weights.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    /// <exception cref="ArgumentException">Two states have one name.</exception>
    public static void Save(
        string path, Module model, Optimizer optimizer, long step, params IReadOnlyList<ICheckpointed> others)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        var metadata = new Dictionary<string, string> { [StepKey] = step.ToString(CultureInfo.InvariantCulture) };
        foreach (var (layer, rng) in model.Generators())
            metadata[GeneratorKey + layer] = rng.State.ToString(CultureInfo.InvariantCulture);
        Safetensors.Save(path, State(model, optimizer, others), metadata);
    }

    /// <summary>Restores the state of training.</summary>
    /// <param name="path">A checkpoint of an equal model and an equal optimizer, on any device.</param>
    /// <param name="model">Constructed as the saved one was.</param>
    /// <param name="optimizer">Of its parameters, constructed as the saved one was.</param>
    /// <param name="others">As those whose states were saved.</param>
    /// <returns>The steps done when it was saved.</returns>
    /// <exception cref="InputException">
    /// The file cannot be read, is no checkpoint or does not fit. Then nothing has changed.
    /// </exception>
    /// <exception cref="ArgumentException">Two states have one name.</exception>
    public static long Load(
        string path, Module model, Optimizer optimizer, params IReadOnlyList<ICheckpointed> others)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        using var file = Safetensors.Open(path);
        var step = Number(StepKey, long.MaxValue);
        (Rng Rng, ulong State)[] generators =
            [.. model.Generators().Select(g => (g.Rng, Number(GeneratorKey + g.Path, ulong.MaxValue)))];

        ModuleSerialization.Load(path, file, State(model, optimizer, others));
        foreach (var (rng, state) in generators) rng.State = state;
        return (long)step;

        ulong Number(string key, ulong most)
        {
            var text = file.Metadata.GetValueOrDefault(key);
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= most
                ? n
                : throw new InputException(
                    $"'{path}' is no checkpoint of this model: its metadata have no valid '{key}'.");
        }
    }

    private static (string, Tensor)[] State(Module model, Optimizer optimizer, IReadOnlyList<ICheckpointed> others)
    {
        string[] names = ["model", "optimizer", .. others.Select(other => other.Name)];
        if (names.CountBy(name => name).FirstOrDefault(name => name.Value > 1).Key is { } twice)
            throw new ArgumentException($"Checkpoint: two states have the name '{twice}'.", nameof(others));
        return
        [
            .. model.State().Select(s => ($"model.{s.Name}", s.Tensor)),
            .. optimizer.State().Select(s => ($"optimizer.{s.Name}", s.Tensor)),
            .. others.SelectMany(other => other.State().Select(s => ($"{other.Name}.{s.Name}", s.Tensor))),
        ];
    }
}
