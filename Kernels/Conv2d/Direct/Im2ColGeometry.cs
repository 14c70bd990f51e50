using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Windows that slide over channels-last images, as a GPU's threads find their floats. Nothing is copied out.</summary>
/// <remarks>
/// An image row is Width · Channels contiguous floats and a window's row is <see cref="KernelRowLength"/> of them, so along a row
/// everything is counted in floats: whether a float lies in the padding is one comparison, and no channel is ever divided out.
/// </remarks>
internal readonly struct Im2ColGeometry(
    ArrayView<float> pixels, (int Images, int Height, int Width, int Channels) source,
    (int H, int W) outputSize, (int H, int W) kernelSize, (int H, int W) stride, (int H, int W) origin)
{
    /// <summary>[images, height, width, channels]</summary>
    public readonly ArrayView<float> Pixels = pixels;

    public readonly int Images = source.Images, Height = source.Height;

    /// <summary>Floats in an image row.</summary>
    public readonly int RowLength = source.Width * source.Channels;

    /// <summary>Positions of the window, per axis.</summary>
    public readonly int OutputH = outputSize.H, OutputW = outputSize.W;

    /// <summary>Rows of a window; 0 if no tap reaches this grid.</summary>
    public readonly int KernelRows = kernelSize.W == 0 ? 0 : kernelSize.H;

    /// <summary>Floats in a row of a window; at least 1, so that it can be divided by.</summary>
    public readonly int KernelRowLength = Math.Max(1, kernelSize.W * source.Channels);

    /// <summary>From one position to the next: in rows, and in floats.</summary>
    public readonly int StrideH = stride.H, StrideW = stride.W * source.Channels;

    /// <summary>
    /// From the first position of a row to the one behind its last, in floats, and likewise of a column, in rows.
    /// </summary>
    public readonly int OutputSpanW = outputSize.W * stride.W * source.Channels, OutputSpanH = outputSize.H * stride.H;

    /// <summary>The first float of the first window: its row, and its place there; negative for padding.</summary>
    public readonly int OriginH = origin.H, OriginW = origin.W * source.Channels;

    public int Positions => Images * OutputH * OutputW;

    /// <summary>Floats in a window.</summary>
    public int Depth => KernelRows * KernelRowLength;
}
