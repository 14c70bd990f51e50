namespace PyNetSharp.Layers;

/// <summary>Max pooling: the maximum of each window, per channel.</summary>
public sealed class MaxPool2d : Module
{
    /// <summary>Creates a max-pooling layer.</summary>
    /// <param name="kernel">Rows and columns of the window; at least 1.</param>
    /// <param name="stride">The distance between windows; at least 1. The window's size if null.</param>
    /// <param name="padding">−∞ added on each side; at most half the window.</param>
    /// <param name="dilation">The distance between the pixels of a window; at least 1, which is the default.</param>
    /// <param name="ceilMode">Whether the number of windows is rounded up, with a last window over the edge.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is outside its range.</exception>
    public MaxPool2d(
        Size2d kernel, Size2d? stride = null, Size2d padding = default, Size2d? dilation = null, bool ceilMode = false)
    {
        KernelSize = kernel.AtLeast(1, nameof(kernel));
        Stride = (stride ?? kernel).AtLeast(1, nameof(stride));
        Padding = padding.AtMostHalf(kernel, nameof(padding));
        Dilation = (dilation ?? 1).AtLeast(1, nameof(dilation));
        CeilMode = ceilMode;
    }

    /// <summary>Rows and columns of the window.</summary>
    public Size2d KernelSize { get; }

    /// <summary>The distance between the windows of adjacent output pixels.</summary>
    public Size2d Stride { get; }

    /// <summary>The number of −∞ added on each side of the input.</summary>
    public Size2d Padding { get; }

    /// <summary>The distance between the pixels of a window.</summary>
    public Size2d Dilation { get; }

    /// <summary>Whether the number of windows is rounded up.</summary>
    public bool CeilMode { get; }

    /// <param name="x">[n, c, h, w]</param>
    /// <returns>
    /// [n, c, p, q] with p = ⌊(h + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 (⌈ ⌉ in ceil mode), and q
    /// likewise.
    /// </returns>
    /// <exception cref="ShapeException">The input is no batch of images, or smaller than the window.</exception>
    protected override Tensor Forward(Tensor x) => x.MaxPool2d(KernelSize, Stride, Padding, Dilation, CeilMode);

    /// <inheritdoc/>
    protected override string Describe() =>
        $"kernel_size={KernelSize}, stride={Stride}, padding={Padding}, dilation={Dilation}, ceil_mode={CeilMode}";
}
