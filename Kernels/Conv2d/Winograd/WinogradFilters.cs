using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Filters in the Winograd domain: [point][panel of outputs][channel][output of the panel].</summary>
internal sealed unsafe class WinogradFilters<V, TWinograd>
    where V : struct, IVector<V>
    where TWinograd : struct, IWinograd
{
    private const int ChannelsPerTask = 32;

    private static int Points => TWinograd.InputTileSize * TWinograd.InputTileSize;

    private static int Nr => 2 * V.Width;

    /// <summary>Floats from one point to the next.</summary>
    public static nint Stride(int channels, int outputs) =>
        WinogradTiles<V, TWinograd>.PointStride((long)CeilDiv(outputs, Nr) * channels * Nr);

    /// <summary>Floats of all points.</summary>
    public static int Size(int channels, int outputs) => checked((int)(Points * Stride(channels, outputs)));

    /// <summary>Transforms filters.</summary>
    /// <param name="cpu">Divides the work among its threads.</param>
    /// <param name="packed">Panels of [taps · channels, nr].</param>
    /// <param name="channels">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="filters"><see cref="Size"/> floats.</param>
    public static void Transform(CpuDevice cpu, float* packed, int channels, int outputs, float* filters)
    {
        var (stride, parts) = (Stride(channels, outputs), CeilDiv(channels, ChannelsPerTask));
        cpu.For(CeilDiv(outputs, Nr) * parts, task =>
        {
            var (panel, part) = Math.DivRem(task, parts);
            var size = TWinograd.InputTileSize * TWinograd.Taps * V.Width;
            var between = Scratch.ForThread(Scratch.AlignedBytes(size, sizeof(float))).Floats(size);
            for (var c = part * ChannelsPerTask; c < Math.Min(channels, (part + 1) * ChannelsPerTask); c++)
                for (var half = 0; half < Nr; half += V.Width)
                    StridedTile.Transform<V, TWinograd, FilterTransform<TWinograd>>(
                        new(
                            packed + ((nint)panel * TWinograd.Taps * TWinograd.Taps * channels + c) * Nr + half,
                            TWinograd.Taps * channels * Nr, channels * Nr),
                        new(
                            filters + ((nint)panel * channels + c) * Nr + half, TWinograd.InputTileSize * stride,
                            stride),
                        between);
        });
    }

    private static int CeilDiv(int count, int size) => WinogradTiles<V, TWinograd>.CeilDiv(count, size);
}
