namespace PyNetSharp.Layers;

/// <summary>Average pooling to a given output size: the windows follow from the sizes of input and output.</summary>
/// <param name="outputSize">Rows and columns of the result; at least 1.</param>
/// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
public sealed class AdaptiveAvgPool2d(Size2d outputSize) : Module
{
    /// <summary>Rows and columns of the result.</summary>
    public Size2d OutputSize { get; } = outputSize.AtLeast(1, nameof(outputSize));

    /// <param name="x">[n, c, h, w]</param>
    /// <returns>
    /// [n, c, p, q] for the output size (p, q); row i is the mean of input rows ⌊i·h/p⌋ to ⌈(i+1)·h/p⌉ − 1, columns
    /// likewise.
    /// </returns>
    /// <exception cref="ShapeException">The input is no batch of images.</exception>
    protected override Tensor Forward(Tensor x) => x.AdaptiveAvgPool2d(OutputSize.H, OutputSize.W);

    /// <inheritdoc/>
    protected override string Describe() => $"output_size={OutputSize.PairString}";
}
