namespace PyNetSharp.Kernels;

/// <summary>Where a convolution writes: every <see cref="Stride"/>-th pixel of channels-last images.</summary>
/// <remarks>nint: a record cannot compare, nor a tuple hold, a pointer.</remarks>
/// <param name="Pixels">[N, Height, Width, Channels]</param>
/// <param name="FirstPixel">The first such pixel.</param>
internal readonly unsafe record struct StridedOutput(
    nint Pixels, int Channels, int Height, int Width, (int H, int W) Stride, (int H, int W) FirstPixel)
{
    public StridedOutput(
        float* pixels, int channels, int height, int width, (int H, int W) stride, (int H, int W) firstPixel)
        : this((nint)pixels, channels, height, width, stride, firstPixel)
    {
    }

    /// <summary>Floats from one pixel to the next: more than the channels if these are of one group.</summary>
    public int PixelStride { get; init; } = Channels;

    /// <summary>
    /// Writes the pointers to the pixels of <paramref name="count"/> positions from <paramref name="first"/> on.
    /// </summary>
    /// <param name="size">P and Q: positions down and across an image.</param>
    public void FillOutputPointers(int first, int count, (int H, int W) size, float** table)
    {
        var (rowInBatch, column) = Math.DivRem(first, size.W);
        var (image, outputRow) = Math.DivRem(rowInBatch, size.H);
        for (var i = 0; i < count; i++)
        {
            var (y, x) = (outputRow * Stride.H + FirstPixel.H, column * Stride.W + FirstPixel.W);
            table[i] = (float*)Pixels + (((nint)image * Height + y) * Width + x) * PixelStride;

            if (++column < size.W) continue;
            column = 0;
            if (++outputRow < size.H) continue;
            outputRow = 0;
            image++;
        }
    }
}
