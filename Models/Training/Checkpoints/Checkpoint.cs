using System.Globalization;
using System.Text.Json;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>
/// The state from which a stopped run resumes as if it had not stopped: the weights, the optimizer's state, that of
/// the layers' random generators, and a trainer's results so far. The loader's order follows from the step.
/// </summary>
/// <remarks>
/// A safetensors file with tensors <c>model.…</c> and <c>optimizer.…</c>, those of every other
/// <see cref="ICheckpointed"/> under its name, and a trainer's <c>best.…</c>, the weights of its best epoch; the rest
/// is in its metadata, with a checksum over all of it. A <see cref="CheckpointWriter"/> writes them during training:
/// <code>
/// var trainer = new Trainer(model, train, test, optimizer) { Callbacks = [new CheckpointWriter("run")] };
/// Checkpoint.LoadNewest("run", trainer);      // nothing, if there is none
/// trainer.Run(epochs);
/// </code>
/// In a loop of one's own:
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
    /// <summary>Begins the names of the best epoch's weights.</summary>
    internal const string BestKey = "best.";

    private const string StepKey = "step", GeneratorKey = "generator.", ProgressKey = "progress";

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
        var state = State(model, optimizer, others);
        var buffer = new float[state.Select(s => s.Tensor.Shape.Size).Max()];
        CheckpointFile.Write(path, [.. state.Select(s => (s.Name, s.Tensor.Shape))], Values, MetadataOf(model, step));

        ReadOnlySpan<float> Values(int i)
        {
            var part = buffer.AsSpan(0, state[i].Tensor.Shape.Size);
            state[i].Tensor.CopyTo(part);
            return part;
        }
    }

    /// <summary>Saves the state of a training: of its model, optimizer, schedule, callbacks and results.</summary>
    /// <param name="path">The file, replaced if it exists; never left half-written.</param>
    /// <param name="trainer">It does not run now, or calls <see cref="ITrainingCallback.OnCheckpoint"/>.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    /// <exception cref="InvalidOperationException">The trainer is within a step, as after a fault.</exception>
    /// <exception cref="ArgumentException">Two states have one name.</exception>
    public static void Save(string path, Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        trainer.ThrowIfIncomplete();
        var state = new TrainingState();
        state.Update(trainer);
        state.Write(path);
    }

    /// <summary>Restores the state of training.</summary>
    /// <param name="path">A checkpoint of an equal model and an equal optimizer, on any device.</param>
    /// <param name="model">Constructed as the saved one was.</param>
    /// <param name="optimizer">Of its parameters, constructed as the saved one was.</param>
    /// <param name="others">As those whose states were saved.</param>
    /// <returns>The steps done when it was saved.</returns>
    /// <exception cref="InputException">
    /// The file cannot be read, is damaged, is no checkpoint or does not fit. Then nothing has changed.
    /// </exception>
    /// <exception cref="ArgumentException">Two states have one name.</exception>
    public static long Load(
        string path, Module model, Optimizer optimizer, params IReadOnlyList<ICheckpointed> others)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        using var file = Safetensors.Open(path);
        var step = ReadStep(path, file);
        Load(path, file, model, State(model, optimizer, others));
        return step;
    }

    /// <summary>Restores the state of a training that a trainer saved, also within an epoch.</summary>
    /// <param name="path">What a trainer has saved, on any device.</param>
    /// <param name="trainer">Constructed as that one was; it has not begun.</param>
    /// <returns>The steps done when it was saved.</returns>
    /// <exception cref="InputException">
    /// The file cannot be read, is damaged, was not saved by a trainer, or does not fit. Then nothing has changed.
    /// </exception>
    /// <exception cref="ArgumentException">Two states have one name.</exception>
    /// <exception cref="InvalidOperationException">The trainer has begun already.</exception>
    public static long Load(string path, Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        trainer.ThrowIfBegun();
        return Restore(path, trainer);
    }

    /// <summary>
    /// Restores the newest checkpoint in a folder that is before a step and sound, and deletes those after it.
    /// </summary>
    /// <returns>The steps done when it was saved; null if there is none.</returns>
    internal static long? RestoreBefore(string folder, Trainer trainer, long step)
    {
        foreach (var (earlier, path) in CheckpointFolder.Find(folder).Where(file => file.Step < step))
            try
            {
                Restore(path, trainer);
                CheckpointFolder.DeleteAfter(folder, earlier);
                return earlier;
            }
            catch (InputException)
            {
                // The one before it may be sound.
            }

        return null;
    }

    /// <summary>As <see cref="Load(string, Trainer)"/>, whether the trainer has begun or not.</summary>
    private static long Restore(string path, Trainer trainer)
    {
        using var file = Safetensors.Open(path);
        var progress = ReadProgress(path, file);
        trainer.CheckFits(path, progress);
        Load(path, file, trainer.Model, trainer.State());
        var best = trainer.Model.State().Select(s => (s.Tensor.Shape, Theirs: file.Find(BestKey + s.Name)));
        trainer.Resume(progress, [.. best.Select(s => s.Theirs is null ? null : Read(s.Theirs, s.Shape))]);
        return progress.Step;

        float[]? Read(SafetensorsTensorInfo tensor, Shape shape)
        {
            if (!shape.Select(extent => (long)extent).SequenceEqual(tensor.Extents)) return null;
            var values = new float[shape.Size];
            file.Read(tensor, values);
            return values;
        }
    }

    /// <summary>Restores the tensors and generators of a trainer's training, without its results.</summary>
    /// <exception cref="InputException">As for <see cref="Load(string, Trainer)"/>.</exception>
    internal static long LoadState(string path, Trainer trainer)
    {
        using var file = Safetensors.Open(path);
        var step = ReadStep(path, file);
        Load(path, file, trainer.Model, trainer.State());
        return step;
    }

    /// <summary>Restores the newest checkpoint that a <see cref="CheckpointWriter"/> has left in a folder.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    /// <param name="trainer">Constructed as the one that was saved; it has not begun.</param>
    /// <param name="skipped">
    /// Called for each newer file that cannot be used, which then gets the ending <c>.damaged</c>; null for no call.
    /// </param>
    /// <returns>The steps done when it was saved; null if there is no checkpoint.</returns>
    /// <exception cref="InputException">
    /// There are checkpoints, but none can be used, and the message lists them; or they are of other data.
    /// </exception>
    /// <exception cref="ArgumentException">Two states have one name.</exception>
    /// <exception cref="InvalidOperationException">The trainer has begun already.</exception>
    public static long? LoadNewest(string folder, Trainer trainer, Action<InputException>? skipped = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(trainer);
        var faults = new List<(string Path, InputException Fault)>();
        foreach (var (_, path) in CheckpointFolder.Find(folder))
        {
            try
            {
                var step = Load(path, trainer);
                foreach (var (damaged, fault) in faults)
                {
                    skipped?.Invoke(fault);
                    CheckpointFolder.SetAside(damaged);
                }

                return step;
            }
            catch (InputException fault) when (fault is not OtherDataException)
            {
                faults.Add((path, fault));
            }
        }

        return faults.Count == 0 ? null : throw new InputException(
            $"No checkpoint in '{folder}' can be used: {string.Join(' ', faults.Select(f => f.Fault.Message))}",
            faults[0].Fault);
    }

    /// <summary>The metadata of a training's checkpoint.</summary>
    internal static Dictionary<string, string> MetadataOf(Module model, TrainingProgress progress) =>
        new(MetadataOf(model, progress.Step)) { [ProgressKey] = progress.ToJson() };

    /// <summary>All tensors of a state, with their names in the file.</summary>
    /// <exception cref="ArgumentException">Two states have one name.</exception>
    internal static (string Name, Tensor Tensor)[] State(
        Module model, Optimizer optimizer, IReadOnlyList<ICheckpointed> others)
    {
        string[] names = ["model", "optimizer", "best", .. others.Select(other => other.Name)];
        if (names.CountBy(name => name).FirstOrDefault(name => name.Value > 1).Key is { } twice)
            throw new ArgumentException($"Checkpoint: two states have the name '{twice}'.", nameof(others));
        return
        [
            .. model.State().Select(s => ($"model.{s.Name}", s.Tensor)),
            .. optimizer.State().Select(s => ($"optimizer.{s.Name}", s.Tensor)),
            .. others.SelectMany(other => other.State().Select(s => ($"{other.Name}.{s.Name}", s.Tensor))),
        ];
    }

    private static Dictionary<string, string> MetadataOf(Module model, long step)
    {
        var metadata = new Dictionary<string, string> { [StepKey] = step.ToString(CultureInfo.InvariantCulture) };
        foreach (var (layer, rng) in model.Generators())
            metadata[GeneratorKey + layer] = rng.State.ToString(CultureInfo.InvariantCulture);
        return metadata;
    }

    private static void Load(
        string path, SafetensorsFile file, Module model, IReadOnlyList<(string Name, Tensor Tensor)> state)
    {
        (Rng Rng, ulong State)[] generators =
            [.. model.Generators().Select(g => (g.Rng, ReadNumber(path, file, GeneratorKey + g.Path, ulong.MaxValue)))];
        CheckpointFile.Verify(path, file);
        ModuleSerialization.Load(
            path, file, state, rename: name => name.StartsWith(BestKey, StringComparison.Ordinal) ? null : name);
        foreach (var (rng, position) in generators) rng.State = position;
    }

    private static long ReadStep(string path, SafetensorsFile file) =>
        (long)ReadNumber(path, file, StepKey, long.MaxValue);

    private static TrainingProgress ReadProgress(string path, SafetensorsFile file)
    {
        var step = ReadStep(path, file);
        try
        {
            var progress = file.Metadata.GetValueOrDefault(ProgressKey) is { } json
                ? TrainingProgress.FromJson(json)
                : throw new JsonException("they have none.");
            return progress.Step == step ? progress : throw new JsonException("its step is not the file's.");
        }
        catch (JsonException fault)
        {
            throw new InputException(
                $"'{path}' is no trainer's checkpoint: its metadata have no valid '{ProgressKey}'.", fault);
        }
    }

    private static ulong ReadNumber(string path, SafetensorsFile file, string key, ulong most)
    {
        var text = file.Metadata.GetValueOrDefault(key);
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= most
            ? n
            : throw new InputException($"'{path}' is no checkpoint of this model: its metadata have no valid '{key}'.");
    }
}

/// <summary>A checkpoint is sound, but its steps or shards are not the trainer's: none would fit.</summary>
internal sealed class OtherDataException(string message) : InputException(message);
