namespace PyNetSharp;

/// <summary>Means over windows that are laid so that the result has a given size, whatever the input's.</summary>
/// <param name="size">Rows and columns of the result; at least 1.</param>
/// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
public sealed class AdaptiveAvgPool2d(Size2d size) : Module
{
    /// <summary>Rows and columns of the result.</summary>
    public Size2d Size { get; } = size.AtLeast(1, nameof(size));

    /// <param name="x">[n, c, h, w]</param>
    /// <returns>
    /// [n, c, size.H, size.W], where row i is the mean of input rows ⌊i·h/size.H⌋ up to ⌈(i+1)·h/size.H⌉.
    /// </returns>
    /// <exception cref="ShapeException">The input is no batch of images.</exception>
    public override Tensor Forward(Tensor x) => x.AdaptiveAvgPool2d(Size.H, Size.W);

    /// <inheritdoc/>
    protected override string Describe() => $"output_size={Size.Pair}";
}
