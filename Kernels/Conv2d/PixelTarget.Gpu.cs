using ILGPU;

namespace PyNetSharp;

/// <summary>Every so many pixels of channels-last images, as the rows of a product.</summary>
/// <param name="pixels">[images, height, width, channels]</param>
/// <param name="grid">The pixels per axis that are written.</param>
/// <param name="step">From one to the next.</param>
/// <param name="origin">The first.</param>
internal readonly struct PixelTarget(
    ArrayView<float> pixels, (int Images, int Height, int Width, int Channels) size,
    (int H, int W) grid, (int H, int W) step, (int H, int W) origin) : IProductTarget
{
    private readonly int images = size.Images, height = size.Height, width = size.Width, channels = size.Channels;
    private readonly int gridH = grid.H, gridW = grid.W, stepH = step.H, stepW = step.W, top = origin.H, left = origin.W;

    public void Write(int row, int column, Float4 sums)
    {
        int line = row / gridW, image = line / gridH;
        if (image >= images || column >= channels) return;
        int y = line % gridH * stepH + top, x = row % gridW * stepW + left;
        var at = ((image * height + y) * width + x) * channels + column;
        if (channels % 4 == 0)
        {
            sums.Store(pixels, at);
            return;
        }

        pixels[at] = sums.X;
        if (column + 1 < channels) pixels[at + 1] = sums.Y;
        if (column + 2 < channels) pixels[at + 2] = sums.Z;
        if (column + 3 < channels) pixels[at + 3] = sums.W;
    }
}
