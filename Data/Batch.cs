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
        DominantLabels = target.HasLabelPerItem ? target.Labels : null;
    }

    internal Batch(Tensor x, Tensor probabilities, Labels dominant) : this(x, probabilities) =>
        DominantLabels = dominant;

    /// <summary>[N, c, h, w] or [N, features].</summary>
    public Tensor X { get; }

    /// <summary>What a model should output for them.</summary>
    public Target Target { get; }

    /// <summary>The number of items.</summary>
    public int Count => X.Shape[0];

    /// <summary>The class of each item, or of each pixel of its mask.</summary>
    /// <exception cref="InvalidOperationException">The targets are values.</exception>
    public Labels Labels => Target.Labels;

    /// <summary>
    /// [N], the classes by which accuracy counts: the labels; of items that <see cref="Mixup"/> has mixed, those of the
    /// greater share. Null where items have masks or values.
    /// </summary>
    public Labels? DominantLabels { get; }

    /// <summary>Items and labels.</summary>
    /// <exception cref="InvalidOperationException">The targets are values.</exception>
    public void Deconstruct(out Tensor x, out Labels labels) => (x, labels) = (X, Labels);
}
