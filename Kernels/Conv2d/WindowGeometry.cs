using ILGPU;

namespace PyNetSharp;

/// <summary>Windows that slide over channels-last images, as a GPU's threads find their floats. Nothing is copied out.</summary>
/// <remarks>
/// An image row is Width · Channels contiguous floats and a window's row is <see cref="Run"/> of them, so along a row
/// everything is counted in floats: whether a float lies in the padding is one comparison, and no channel is ever divided out.
/// </remarks>
internal readonly struct WindowGeometry(
    ArrayView<float> pixels, (int Images, int Height, int Width, int Channels) source,
    (int H, int W) grid, (int H, int W) kernel, (int H, int W) step, (int H, int W) origin)
{
    /// <summary>[images, height, width, channels]</summary>
    public readonly ArrayView<float> Pixels = pixels;

    public readonly int Images = source.Images, Height = source.Height;

    /// <summary>Floats in an image row.</summary>
    public readonly int RowLength = source.Width * source.Channels;

    /// <summary>Positions of the window, per axis.</summary>
    public readonly int GridH = grid.H, GridW = grid.W;

    /// <summary>Rows of a window; 0 if no tap reaches this grid.</summary>
    public readonly int Taps = kernel.W == 0 ? 0 : kernel.H;

    /// <summary>Floats in a row of a window; at least 1, so that it can be divided by.</summary>
    public readonly int Run = Math.Max(1, kernel.W * source.Channels);

    /// <summary>From one position to the next: in rows, and in floats.</summary>
    public readonly int StepH = step.H, Step = step.W * source.Channels;

    /// <summary>
    /// From the first position of a row to the one behind its last, in floats, and likewise of a column, in rows.
    /// </summary>
    public readonly int GridSpanW = grid.W * step.W * source.Channels, GridSpanH = grid.H * step.H;

    /// <summary>The first float of the first window: its row, and its place there; negative for padding.</summary>
    public readonly int OriginH = origin.H, Origin = origin.W * source.Channels;

    public int Positions => Images * GridH * GridW;

    /// <summary>Floats in a window.</summary>
    public int Depth => Taps * Run;
}
