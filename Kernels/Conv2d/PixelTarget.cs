using ILGPU;

namespace PyNetSharp;

/// <summary>Every so many pixels of channels-last images, as the rows of a product.</summary>
/// <param name="pixels">[images, height, width, channels]</param>
/// <param name="grid">The pixels per axis that are written.</param>
/// <param name="step">From one to the next.</param>
/// <param name="origin">The first.</param>
internal readonly struct PixelTarget<TWidth>(
    ArrayView<float> pixels, (int Images, int Height, int Width, int Channels) size,
    (int H, int W) grid, (int H, int W) step, (int H, int W) origin) : IProductTarget
    where TWidth : struct, IWidth
{
    private readonly int images = size.Images, height = size.Height, width = size.Width, channels = size.Channels;
    private readonly int gridH = grid.H, gridW = grid.W, stepH = step.H, stepW = step.W, top = origin.H, left = origin.W;

    public Float4 Start(int column) => default;

    public void Write(int row, int column, Float4 sums)
    {
        int line = row / gridW, image = line / gridH;
        if (image >= images) return;
        int y = line % gridH * stepH + top, x = row % gridW * stepW + left;
        sums.Store<TWidth>(pixels, ((image * height + y) * width + x) * channels + column, channels - column);
    }
}
