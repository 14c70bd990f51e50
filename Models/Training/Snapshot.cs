namespace PyNetSharp;

/// <summary>A copy of a model's parameters and buffers, to go back to.</summary>
public sealed class Snapshot
{
    private readonly (Tensor From, Tensor To)[] taken, restored;

    /// <summary>Copies what the model has now; later copies go to the same storage.</summary>
    public Snapshot(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        taken = [.. model.State().Select(s => (s.Tensor, Tensor.Zeros(s.Tensor.Shape, s.Tensor.Device)))];
        restored = [.. taken.Select(pair => (pair.To, pair.From))];
        Take();
    }

    /// <summary>Copies what the model has now, in place of what was copied before.</summary>
    public void Take() => Tensor.CopyAll(taken);

    /// <summary>Puts the copy back into the model.</summary>
    public void Restore() => Tensor.CopyAll(restored);
}
