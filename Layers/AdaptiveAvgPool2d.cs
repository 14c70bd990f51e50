namespace PyNetSharp.Layers;

/// <summary>Means over windows that are laid so that the result has a given size, whatever the input's.</summary>
/// <param name="outputSize">Rows and columns of the result; at least 1.</param>
/// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
public sealed class AdaptiveAvgPool2d(Size2d outputSize) : Module
{
    /// <summary>Rows and columns of the result.</summary>
    public Size2d OutputSize { get; } = outputSize.AtLeast(1, nameof(outputSize));

    /// <param name="x">[n, c, h, w]</param>
    /// <returns>
    /// [n, c, size.H, size.W], where row i is the mean of input rows ⌊i·h/size.H⌋ up to ⌈(i+1)·h/size.H⌉.
    /// </returns>
    /// <exception cref="ShapeException">The input is no batch of images.</exception>
    public override Tensor Forward(Tensor x) => x.AdaptiveAvgPool2d(OutputSize.H, OutputSize.W);

    /// <inheritdoc/>
    protected override string Describe() => $"output_size={OutputSize.PairString}";
}
