using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Convolutions of stride 1 that multiply less, for the kernels and sizes where it pays.</summary>
/// <remarks>They take and give what <see cref="DirectConvolution"/> does, and must equal it but for rounding.</remarks>
internal abstract unsafe class WinogradConvolution
{
    private const int MinChannels = 16;
    private const int MinTiles = 48;             // fewer do not pay for transforming the filters
    private const int MinTilesForWeightGradient5x5 = 240;      // a direct sum of less is so exact that F(4×4, 5×5)'s error would stand out
    private const double MinGain = 1.5;

    private static readonly WinogradConvolution? F4x3Kernel = CreateWidest<F4x3>(), F5x3Kernel = CreateWidest<F5x3>(), F4x5Kernel = CreateWidest<F4x5>();

    /// <summary>The kernels for these windows, or null where the direct ones are as good.</summary>
    /// <param name="windows">The convolution's, over its input or over the gradient by its output.</param>
    /// <param name="outputs">Channels of the result.</param>
    public static WinogradConvolution? For(PatchGrid windows, int outputs) => For(windows, outputs, MinTiles);

    /// <summary>As <see cref="For(PatchGrid, int)"/>, for the gradient by weights.</summary>
    /// <remarks>Padding by more than half the kernel is mostly zeros, which a direct sum adds without rounding.</remarks>
    public static WinogradConvolution? ForWeightGradient(PatchGrid windows, int outputs) =>
        -Math.Min(windows.Origin.H, windows.Origin.W) <= windows.KernelSize.H / 2
            ? For(windows, outputs, windows.KernelSize.H == 5 ? MinTilesForWeightGradient5x5 : MinTiles)
            : null;

    private static WinogradConvolution? For(PatchGrid windows, int outputs, int fewestTiles)
    {
        var kernels = windows.KernelSize switch
        {
            (3, 3) => F5x3Kernel?.Multiplications(windows) < F4x3Kernel?.Multiplications(windows) ? F5x3Kernel : F4x3Kernel,
            (5, 5) => F4x5Kernel,
            _ => null,
        };
        return kernels is not null && windows.Stride == (1, 1) && kernels.IsProfitable(windows, outputs, fewestTiles) ? kernels : null;
    }

    /// <inheritdoc cref="DirectConvolution.Convolve"/>
    /// <param name="packed">The filters, as the direct kernels take them.</param>
    public abstract void Convolve(CpuDevice cpu, PatchGrid windows, float* packed, float* start, bool relu, float* y, int outputs);

    /// <inheritdoc cref="DirectConvolution.WeightGradient"/>
    public abstract void WeightGradient(CpuDevice cpu, PatchGrid windows, float* dy, int outputs, float* dw, float* db);

    /// <summary>Whether both channel counts fill vectors, and enough multiplications and tiles are saved to pay for the transforms.</summary>
    private bool IsProfitable(PatchGrid windows, int outputs, int fewestTiles)
    {
        var direct = (long)windows.Positions * windows.KernelSize.H * windows.KernelSize.W;
        return Math.Min(windows.Channels, outputs) >= MinChannels && windows.Channels % VectorWidth == 0 && outputs % VectorWidth == 0
            && TileCount(windows) >= fewestTiles && direct >= MinGain * Multiplications(windows);
    }

    /// <summary>Multiplications per pair of channels.</summary>
    private long Multiplications(PatchGrid windows) => TileCount(windows) * Points * Points;

    private long TileCount(PatchGrid windows) => (long)windows.Images * TilesAlong(windows.OutputSize.H) * TilesAlong(windows.OutputSize.W);

    private int TilesAlong(int extent) => (extent + OutputTileSize - 1) / OutputTileSize;

    protected abstract int VectorWidth { get; }

    protected abstract int OutputTileSize { get; }

    protected abstract int Points { get; }

    private static WinogradConvolution? CreateWidest<W>() where W : struct, IWinograd =>
        VectorDispatch.Create<Factory<W>, WinogradConvolution?>();

    private readonly struct Factory<W> : IVectorFactory<WinogradConvolution?> where W : struct, IWinograd
    {
        public static WinogradConvolution? Create<V>() where V : struct, IVector<V> =>
            V.Width == 1 ? null : new WinogradConvolution<V, W>();
    }
}

/// <inheritdoc/>
internal sealed unsafe class WinogradConvolution<V, W> : WinogradConvolution
    where V : struct, IVector<V>
    where W : struct, IWinograd
{
    protected override int VectorWidth => V.Width;

    protected override int OutputTileSize => W.OutputTileSize;

    protected override int Points => W.Points;

    public override void Convolve(CpuDevice cpu, PatchGrid windows, float* packed, float* start, bool relu, float* y, int outputs) =>
        WinogradForward<V, W>.Run(cpu, windows, packed, start, relu, y, outputs);

    public override void WeightGradient(CpuDevice cpu, PatchGrid windows, float* dy, int outputs, float* dw, float* db) =>
        WinogradWeightGradient<V, W>.Run(cpu, windows, dy, outputs, dw, db);
}
