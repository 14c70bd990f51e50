namespace PyNetSharp.Kernels;

/// <summary>Where the results of sliding windows go: every <see cref="Stride"/>-th pixel of channels-last images.</summary>
/// <param name="Pixels">[images, Height, Width, Channels]</param>
internal readonly unsafe record struct StridedOutput(
    nint Pixels, int Channels, int Height, int Width, (int H, int W) Stride, (int H, int W) Origin)
{
    public StridedOutput(float* pixels, int channels, int height, int width, (int H, int W) step, (int H, int W) origin)
        : this((nint)pixels, channels, height, width, step, origin)
    {
    }

    /// <summary>Writes the pointers to the pixels of <paramref name="count"/> positions from <paramref name="first"/> on.</summary>
    public void FillOutputPointers(int first, int count, (int H, int W) grid, float** table)
    {
        var (row, column) = Math.DivRem(first, grid.W);
        var (image, line) = Math.DivRem(row, grid.H);
        for (var i = 0; i < count; i++)
        {
            var (y, x) = (line * Stride.H + Origin.H, column * Stride.W + Origin.W);
            table[i] = (float*)Pixels + (((nint)image * Height + y) * Width + x) * Channels;

            if (++column < grid.W) continue;
            column = 0;
            if (++line < grid.H) continue;
            line = 0;
            image++;
        }
    }
}
