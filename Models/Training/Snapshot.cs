namespace PyNetSharp.Training;

/// <summary>A copy of a model's parameters and buffers, to go back to.</summary>
public sealed class Snapshot
{
    private readonly (Tensor Own, Tensor Copy)[] pairs;

    /// <summary>Copies what the model has now; later copies go to the same storage.</summary>
    public Snapshot(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        pairs = [.. model.State().Select(s => (s.Tensor, Tensor.Zeros(s.Tensor.Shape, s.Tensor.Device)))];
        Update();
    }

    /// <summary>Copies what the model has now, in place of what was copied before.</summary>
    public void Update()
    {
        MoveToModelDevice();
        Tensor.CopyAll(pairs);
    }

    /// <summary>Puts the copy back into the model.</summary>
    public void Restore()
    {
        MoveToModelDevice();
        Tensor.CopyAll([.. pairs.Select(pair => (pair.Copy, pair.Own))]);
    }

    /// <summary>Brings the copies to the device that the model was moved to since.</summary>
    private void MoveToModelDevice()
    {
        for (var i = 0; i < pairs.Length; i++) pairs[i].Copy = pairs[i].Copy.To(pairs[i].Own.Device);
    }
}
