namespace PyNetSharp;

/// <summary>A copy of a model's parameters and buffers, to go back to.</summary>
public sealed class Snapshot
{
    private readonly (Tensor Live, Tensor Copy)[] tensors;

    /// <summary>Copies what the model has now; later copies go to the same storage.</summary>
    public Snapshot(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        tensors = [.. model.State().Select(s => (s.Tensor, Tensor.Zeros(s.Tensor.Shape, s.Tensor.Device)))];
        Take();
    }

    /// <summary>Copies what the model has now, in place of what was copied before.</summary>
    public void Take()
    {
        foreach (var (live, copy) in tensors) copy.CopyFrom(live);
    }

    /// <summary>Puts the copy back into the model.</summary>
    public void Restore()
    {
        foreach (var (live, copy) in tensors) live.CopyFrom(copy);
    }
}
