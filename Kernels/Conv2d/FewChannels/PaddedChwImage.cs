using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>Channels one after the other instead of side by side, each a plane of pixels with padding around.</summary>
/// <remarks>What lies under a tap is at a fixed distance then from where a window of stride 1 begins.</remarks>
/// <param name="Channels">Planes.</param>
/// <param name="Height">Rows of a plane, those of the padding included.</param>
/// <param name="Width">Floats of a row.</param>
/// <param name="ChannelStride">Floats from one plane to the next.</param>
internal readonly unsafe record struct PaddedChwImage(int Channels, int Height, int Width, int ChannelStride)
{
    /// <summary>What all windows see of an image, from the pixel under the first tap of the first window on.</summary>
    /// <param name="windows">Of stride 1.</param>
    /// <param name="vector">Floats to a vector; whole vectors go into a plane.</param>
    public static PaddedChwImage For(PatchGrid windows, int vector)
    {
        var (height, width) = (windows.OutputSize.H + windows.KernelSize.H - 1, windows.OutputSize.W + windows.KernelSize.W - 1);
        return new(windows.Channels, height, width, (height * width + vector - 1) / vector * vector);
    }

    public long Size => (long)Channels * ChannelStride;

    /// <summary>For each tap and channel, in the weights' order: how far its input lies behind a window's beginning.</summary>
    public void FillTapOffsets((int H, int W) kernel, nint* offsets)
    {
        for (var i = 0; i < kernel.H; i++)
            for (var j = 0; j < kernel.W; j++)
                for (var c = 0; c < Channels; c++) *offsets++ = (nint)c * ChannelStride + i * Width + j;
    }

    /// <summary>Copies an image; its padding keeps what it holds.</summary>
    /// <param name="pixels">[height, width, Channels]</param>
    /// <param name="origin">The pixel that a plane begins with; negative for padding.</param>
    public void CopyFrom(float* pixels, int height, int width, (int H, int W) origin, float* planes)
    {
        var (top, bottom) = (Math.Max(origin.H, 0), Math.Min(origin.H + Height, height));
        var (left, right) = (Math.Max(origin.W, 0), Math.Min(origin.W + Width, width));
        for (var h = top; h < bottom; h++)
        {
            var from = pixels + ((nint)h * width + left) * Channels;
            var to = planes + (nint)(h - origin.H) * Width + left - origin.W;
            Transposition.Copy(from, Channels, right - left, Channels, to, ChannelStride);
        }
    }
}
