using ILGPU;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>Every so many pixels of channels-last images, as the rows of a product.</summary>
/// <param name="pixels">[images, height, width, channels]</param>
/// <param name="outputSize">The pixels per axis that are written.</param>
/// <param name="stride">From one to the next.</param>
/// <param name="origin">The first.</param>
internal readonly struct StridedEpilogue<TWidth>(
    ArrayView<float> pixels, (int Images, int Height, int Width, int Channels) size,
    (int H, int W) outputSize, (int H, int W) stride, (int H, int W) origin) : IEpilogue
    where TWidth : struct, IAccessWidth
{
    private readonly int images = size.Images, height = size.Height, width = size.Width, channels = size.Channels;
    private readonly int outputH = outputSize.H, outputW = outputSize.W, strideH = stride.H, strideW = stride.W, top = origin.H, left = origin.W;

    public Float4 InitialSums(int column) => default;

    public void Store(int row, int column, Float4 sums)
    {
        int line = row / outputW, image = line / outputH;
        if (image >= images) return;
        int y = line % outputH * strideH + top, x = row % outputW * strideW + left;
        sums.Store<TWidth>(pixels, ((image * height + y) * width + x) * channels + column, channels - column);
    }
}
