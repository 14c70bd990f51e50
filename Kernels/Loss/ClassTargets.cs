using System.Globalization;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>
/// The labels of the rows of logits, with the weights of the classes and the label of rows that do not count.
/// </summary>
internal sealed class ClassTargets(Labels labels, Tensor? weight, int ignoreIndex)
{
    /// <summary>PyTorch's.</summary>
    public const int DefaultIgnoreIndex = -100;

    private readonly int version = labels.Version;

    public Labels Labels => labels;

    public Tensor? ClassWeights => weight;

    /// <summary>Whether the labels have not been overwritten since the op was made.</summary>
    public bool AreUnchanged => labels.Version == version;

    public int Count => labels.Count;

    /// <exception cref="ShapeException">The shapes do not fit together.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is neither a class nor ignored.</exception>
    /// <exception cref="ArgumentException">The weights require a gradient, or are on another device.</exception>
    public void Check(string op, Tensor logits) => Check(op, logits, labels, weight, ignoreIndex);

    /// <exception cref="ShapeException">The weights are not one per class.</exception>
    public static void CheckWeights(string op, Shape logits, Tensor weight)
    {
        if (weight.Rank != 1 || weight.Shape[0] != logits[1])
            throw new ShapeException($"{op}: class weights of shape {weight.Shape} for logits of shape {logits}.");
    }

    /// <summary>The label of a row on the CPU; −1 if it does not count.</summary>
    public int LabelOf(int row) => labels[row] == ignoreIndex ? -1 : labels[row];

    /// <summary>The weight of a label's class on the CPU; 0 of −1.</summary>
    public float WeightOf(int label) => label < 0 ? 0 : weight is null ? 1 : weight.Span[label];

    /// <summary>What kernels read.</summary>
    /// <param name="any">A view of the device for the kernel's argument where there are no weights.</param>
    public ClassTargetsView View(Device device, ArrayView<float> any) =>
        new(labels.ViewOn(device), weight is null ? any : weight.View, weight is null ? 0 : 1, ignoreIndex);

    private static void Check(string op, Tensor logits, Labels labels, Tensor? weight, int ignoreIndex)
    {
        var shape = LogitRows.Infer(op, logits.Shape);
        if (labels.Shape != LogitRows.RowShape(shape))
            throw new ShapeException($"{op}: labels of shape {labels.Shape} for logits of shape {shape}.");
        foreach (var label in labels.Span)
            if ((uint)label >= (uint)shape[1] && label != ignoreIndex)
                throw new ArgumentOutOfRangeException(
                    nameof(labels), label.ToString(CultureInfo.InvariantCulture),
                    $"{op}: a label outside 0 … {shape[1] - 1}, for logits of shape {shape}.");
        if (weight is null) return;
        CheckWeights(op, logits.Shape, weight);
        if (weight.InGraph)
            throw new ArgumentException(
                $"{op}: there is no gradient for the class weights; pass weight.Detach().", nameof(weight));
        if (weight.Device != logits.Device)
            throw new ArgumentException(
                $"{op}: logits on {logits.Device} and class weights on {weight.Device.DistinctName(logits.Device)}. " +
                "Ops do not copy between devices; use To(device).", nameof(weight));
    }
}

/// <summary>As <see cref="ClassTargets"/>, for kernels.</summary>
internal readonly struct ClassTargetsView(
    ArrayView<int> labels, ArrayView<float> weights, int hasWeights, int ignoreIndex)
{
    /// <summary>The label of a row; −1 if it does not count.</summary>
    public int LabelOf(int row) => labels[row] == ignoreIndex ? -1 : labels[row];

    /// <summary>The weight of a label's class; 0 of −1.</summary>
    public float WeightOf(int label) => label < 0 ? 0 : ClassWeight(label);

    /// <summary>The weight of a class.</summary>
    public float ClassWeight(int c) => hasWeights == 0 ? 1 : weights[c];
}
