namespace PyNetSharp.Layers;

/// <summary>Average pooling: the mean of each window, per channel.</summary>
public sealed class AvgPool2d : Module
{
    /// <summary>Creates an average-pooling layer.</summary>
    /// <param name="kernel">Rows and columns of the window; at least 1.</param>
    /// <param name="stride">The distance between windows; at least 1. The window's size if null.</param>
    /// <param name="padding">Zeros added on each side; at most half the window.</param>
    /// <param name="ceilMode">Whether the number of windows is rounded up, with a last window over the edge.</param>
    /// <param name="countIncludePad">Whether the divisor includes the padding.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is outside its range.</exception>
    public AvgPool2d(
        Size2d kernel, Size2d? stride = null, Size2d padding = default,
        bool ceilMode = false, bool countIncludePad = true)
    {
        KernelSize = kernel.AtLeast(1, nameof(kernel));
        Stride = (stride ?? kernel).AtLeast(1, nameof(stride));
        Padding = padding.AtMostHalf(kernel, nameof(padding));
        CeilMode = ceilMode;
        CountIncludePad = countIncludePad;
    }

    /// <summary>Rows and columns of the window.</summary>
    public Size2d KernelSize { get; }

    /// <summary>The distance between the windows of adjacent output pixels.</summary>
    public Size2d Stride { get; }

    /// <summary>The number of zeros added on each side of the input.</summary>
    public Size2d Padding { get; }

    /// <summary>Whether the number of windows is rounded up.</summary>
    public bool CeilMode { get; }

    /// <summary>Whether the divisor includes the padding.</summary>
    public bool CountIncludePad { get; }

    /// <param name="x">[n, c, h, w]</param>
    /// <returns>
    /// [n, c, p, q] with p = ⌊(h + 2·padding − kernel) / stride⌋ + 1 (⌈ ⌉ in ceil mode), and q likewise.
    /// </returns>
    /// <exception cref="ShapeException">The input is no batch of images, or smaller than the window.</exception>
    protected override Tensor Forward(Tensor x) => x.AvgPool2d(KernelSize, Stride, Padding, CeilMode, CountIncludePad);

    /// <inheritdoc/>
    protected override string Describe() => $"kernel_size={KernelSize}, stride={Stride}, padding={Padding}";
}
