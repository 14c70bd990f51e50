using System.Runtime.Intrinsics;

namespace PyNetSharp;

/// <summary>Convolutions of stride 1 that multiply less, for the kernels and sizes where it pays.</summary>
/// <remarks>They take and give what <see cref="ConvolutionKernels"/> does, and must equal it but for rounding.</remarks>
internal abstract unsafe class WinogradKernels
{
    private const int FewestChannels = 16;
    private const int FewestTiles = 48;             // fewer do not pay for transforming the filters
    private const int FewestTilesToSum5 = 240;      // a direct sum of less is so exact that F(4×4, 5×5)'s error would stand out
    private const double LeastGain = 1.5;

    private static readonly WinogradKernels? Best3 = ForBest<F4x3>(), Wide3 = ForBest<F5x3>(), Best5 = ForBest<F4x5>();

    /// <summary>The kernels for these windows, or null where the direct ones are as good.</summary>
    /// <param name="windows">The convolution's, over its input or over the gradient by its output.</param>
    /// <param name="outputs">Channels of the result.</param>
    public static WinogradKernels? For(Windows windows, int outputs) => For(windows, outputs, FewestTiles);

    /// <summary>As <see cref="For(Windows, int)"/>, for the gradient by weights.</summary>
    /// <remarks>Padding by more than half the kernel is mostly zeros, which a direct sum adds without rounding.</remarks>
    public static WinogradKernels? ForGradient(Windows windows, int outputs) =>
        -Math.Min(windows.Origin.H, windows.Origin.W) <= windows.Kernel.H / 2
            ? For(windows, outputs, windows.Kernel.H == 5 ? FewestTilesToSum5 : FewestTiles)
            : null;

    private static WinogradKernels? For(Windows windows, int outputs, int fewestTiles)
    {
        var kernels = windows.Kernel switch
        {
            (3, 3) => Wide3?.Products(windows) < Best3?.Products(windows) ? Wide3 : Best3,
            (5, 5) => Best5,
            _ => null,
        };
        return kernels is not null && windows.Step == (1, 1) && kernels.Pays(windows, outputs, fewestTiles) ? kernels : null;
    }

    /// <inheritdoc cref="ConvolutionKernels.Slide"/>
    /// <param name="packed">The filters, as the direct kernels take them.</param>
    public abstract void Slide(CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, float* y, int outputs);

    /// <inheritdoc cref="ConvolutionKernels.GradientByWeight"/>
    public abstract void GradientByWeight(CpuDevice cpu, Windows windows, float* dy, int outputs, float* dw, float* db);

    /// <summary>Whether both channel counts fill vectors, and enough multiplications and tiles are saved to pay for the transforms.</summary>
    private bool Pays(Windows windows, int outputs, int fewestTiles)
    {
        var direct = (long)windows.Positions * windows.Kernel.H * windows.Kernel.W;
        return Math.Min(windows.Channels, outputs) >= FewestChannels && windows.Channels % Width == 0 && outputs % Width == 0
            && Tiles(windows) >= fewestTiles && direct >= LeastGain * Products(windows);
    }

    /// <summary>Multiplications per pair of channels.</summary>
    private long Products(Windows windows) => Tiles(windows) * Points * Points;

    private long Tiles(Windows windows) => (long)windows.Images * TilesOf(windows.Grid.H) * TilesOf(windows.Grid.W);

    private int TilesOf(int extent) => (extent + Outputs - 1) / Outputs;

    protected abstract int Width { get; }

    protected abstract int Outputs { get; }

    protected abstract int Points { get; }

    private static WinogradKernels? ForBest<W>() where W : struct, IWinograd =>
        Vector512.IsHardwareAccelerated ? new WinogradKernels<Lanes16, W>()
        : Vector256.IsHardwareAccelerated ? new WinogradKernels<Lanes8, W>()
        : Vector128.IsHardwareAccelerated ? new WinogradKernels<Lanes4, W>()
        : null;
}

/// <inheritdoc/>
internal sealed unsafe class WinogradKernels<V, W> : WinogradKernels
    where V : struct, ILanes<V>
    where W : struct, IWinograd
{
    protected override int Width => V.Width;

    protected override int Outputs => W.Outputs;

    protected override int Points => W.Points;

    public override void Slide(CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, float* y, int outputs) =>
        WinogradSlide<V, W>.Run(cpu, windows, packed, start, relu, y, outputs);

    public override void GradientByWeight(CpuDevice cpu, Windows windows, float* dy, int outputs, float* dw, float* db) =>
        WinogradGradient<V, W>.Run(cpu, windows, dy, outputs, dw, db);
}
