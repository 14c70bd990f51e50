using PyNetSharp.Layers;

namespace PyNetSharp.Data;

/// <summary>The items of one training or evaluation step, with what a model should output for them.</summary>
/// <remarks>
/// A classifier's batch deconstructs into items and labels: <c>foreach (var (x, labels) in loader.Epoch(epoch))</c>.
/// </remarks>
public sealed class Batch
{
    /// <summary>A batch of these items.</summary>
    /// <param name="x">[N, c, h, w] or [N, features].</param>
    /// <param name="target">One label, mask or tensor of values per item.</param>
    public Batch(Tensor x, Target target)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(target);
        (X, Target) = (x, target);
    }

    /// <summary>[N, c, h, w] or [N, features].</summary>
    public Tensor X { get; }

    /// <summary>What a model should output for them.</summary>
    public Target Target { get; }

    /// <summary>The number of items.</summary>
    public int Count => X.Shape[0];

    /// <summary>The class of each item, or of each pixel of its mask.</summary>
    /// <exception cref="InvalidOperationException">The targets are values.</exception>
    public Labels Labels => Target.Labels;

    /// <summary>Items and labels.</summary>
    /// <exception cref="InvalidOperationException">The targets are values.</exception>
    public void Deconstruct(out Tensor x, out Labels labels) => (x, labels) = (X, Labels);
}
