namespace PyNetSharp.Training;

/// <summary>A copy of a model's parameters and buffers, which can be restored.</summary>
public sealed class Snapshot
{
    private readonly (Tensor Source, Tensor Copy)[] pairs;

    /// <summary>Copies the model's state; <see cref="Update"/> reuses the storage.</summary>
    public Snapshot(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        pairs = [.. model.State().Select(s => (s.Tensor, Tensor.Zeros(s.Tensor.Shape, s.Tensor.Device)))];
        Update();
    }

    /// <summary>Copies the model's state now, in place of the copy before.</summary>
    public void Update()
    {
        MoveToModelDevice();
        Tensor.CopyAll(pairs);
    }

    /// <summary>The copies, in the order of the model's state.</summary>
    internal IReadOnlyList<Tensor> Copies => [.. pairs.Select(pair => pair.Copy)];

    /// <summary>Takes other values as the copy.</summary>
    /// <param name="values">Of each tensor, in the order of the model's state.</param>
    internal void Replace(IReadOnlyList<float[]> values)
    {
        foreach (var (pair, part) in pairs.Zip(values)) pair.Copy.CopyFrom(part);
    }

    /// <summary>Puts the copy back into the model.</summary>
    public void Restore()
    {
        MoveToModelDevice();
        Tensor.CopyAll([.. pairs.Select(pair => (pair.Copy, pair.Source))]);
    }

    /// <summary>Moves the copies to the device that the model is on now.</summary>
    private void MoveToModelDevice()
    {
        for (var i = 0; i < pairs.Length; i++) pairs[i].Copy = pairs[i].Copy.To(pairs[i].Source.Device);
    }
}
