using System.Numerics.Tensors;
using PyNetSharp.Layers;

namespace PyNetSharp.Training;

/// <summary>
/// A copy of everything that a training has changed, in the host's memory: it is written to a file while training goes
/// on, and restored after a divergence. Its memory is reused by the next copy.
/// </summary>
internal sealed class TrainingState
{
    private readonly Dictionary<string, float[]> values = [];
    private (string Name, Shape Shape, float[] Values)[] tensors = [];
    private (Rng Rng, ulong State)[] generators = [];
    private Dictionary<string, string> metadata = [];
    private float[] scratch = [];
    private long? copiedBest;

    /// <summary>What the training had done; null before the first copy, and where one has failed.</summary>
    public TrainingProgress? Progress { get; private set; }

    /// <summary>
    /// Copies a training's state, unless it is lost: a weight is not finite, or NaN is elsewhere, as in a momentum,
    /// from where it gets into the weights.
    /// </summary>
    /// <param name="trainer">Between two of its steps.</param>
    /// <returns>Whether it was copied.</returns>
    public bool TryUpdate(Trainer trainer)
    {
        foreach (var (_, tensor) in trainer.State())
        {
            if (scratch.Length < tensor.Shape.Size) scratch = new float[tensor.Shape.Size];
            var part = scratch.AsSpan(0, tensor.Shape.Size);
            tensor.CopyTo(part);
            // Infinity may be meant in a buffer, as in a mask, and is harmless in Adam's second moment.
            if (tensor is Parameter ? !TensorPrimitives.IsFiniteAll<float>(part)
                : TensorPrimitives.IsNaNAny<float>(part)) return false;
        }

        Update(trainer);
        return true;
    }

    /// <summary>Copies a training's state.</summary>
    /// <param name="trainer">Between two of its steps.</param>
    public void Update(Trainer trainer)
    {
        Progress = null;                        // should a copy fail, there is none
        var progress = trainer.Progress;
        generators = [.. trainer.Model.Generators().Select(g => (g.Rng, g.Rng.State))];
        metadata = Checkpoint.MetadataOf(trainer.Model, progress);
        var copies = new List<(string, Shape, float[])>();
        foreach (var (name, tensor) in trainer.State()) copies.Add((name, tensor.Shape, Copy(name, tensor)));
        foreach (var (name, tensor) in trainer.BestState())
        {
            var key = Checkpoint.BestKey + name;
            var isCopied = copiedBest == trainer.BestChanges && values.ContainsKey(key);
            copies.Add((key, tensor.Shape, isCopied ? values[key] : Copy(key, tensor)));
        }

        copiedBest = trainer.BestChanges;
        tensors = [.. copies];
        Progress = progress;
    }

    /// <summary>Writes the copy to a file; see <see cref="Checkpoint"/>.</summary>
    /// <exception cref="PyNetSharp.InputException">The file cannot be written.</exception>
    public void Write(string path) =>
        CheckpointFile.Write(path, [.. tensors.Select(t => (t.Name, t.Shape))], i => tensors[i].Values, metadata);

    /// <summary>Puts the copy back into the training that it was made of.</summary>
    public void Restore(Trainer trainer)
    {
        foreach (var (name, tensor) in trainer.State()) tensor.CopyFrom(values[name]);
        foreach (var (rng, state) in generators) rng.State = state;
    }

    private float[] Copy(string name, Tensor tensor)
    {
        if (!values.TryGetValue(name, out var copy) || copy.Length != tensor.Shape.Size)
            values[name] = copy = new float[tensor.Shape.Size];
        tensor.CopyTo(copy);
        return copy;
    }
}
