using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>An image in C×H×W order with its padding.</summary>
/// <remarks>For stride 1, a tap's input is at a fixed offset from the first float of its patch.</remarks>
/// <param name="Channels">C</param>
/// <param name="Height">Rows of a channel, with padding.</param>
/// <param name="Width">Floats of a row, with padding.</param>
/// <param name="ChannelStride">Floats from one channel to the next.</param>
internal readonly unsafe record struct PaddedChwImage(int Channels, int Height, int Width, int ChannelStride)
{
    /// <summary>The union of an image's patches.</summary>
    /// <param name="patches">Of stride 1.</param>
    /// <param name="vector">Floats of a vector; a channel takes whole vectors.</param>
    public static PaddedChwImage For(in PatchGeometry patches, int vector)
    {
        var (height, width) = (patches.P + patches.R - 1, patches.Q + patches.S - 1);
        return new(patches.C, height, width, (height * width + vector - 1) / vector * vector);
    }

    public long Size => (long)Channels * ChannelStride;

    /// <summary>The offset of each tap and channel, in the weight's order, from the first float of a patch.</summary>
    public void FillTapOffsets((int H, int W) kernel, nint* offsets)
    {
        for (var i = 0; i < kernel.H; i++)
            for (var j = 0; j < kernel.W; j++)
                for (var c = 0; c < Channels; c++) *offsets++ = (nint)c * ChannelStride + i * Width + j;
    }

    /// <summary>Copies an image; the padding is not written.</summary>
    /// <param name="pixels">[height, width, Channels]</param>
    /// <param name="origin">The pixel that a channel begins with; negative for padding.</param>
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
