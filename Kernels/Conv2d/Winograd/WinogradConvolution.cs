using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// Convolutions of stride 1 in the Winograd domain, where a tile of outputs takes fewer multiplications.
/// </summary>
/// <remarks>They compute what <see cref="DirectConvolution"/> does, up to rounding, from the same arguments.</remarks>
internal abstract unsafe class WinogradConvolution
{
    /// <summary>For the widest vectors of this CPU; null without vectors.</summary>
    public static WinogradConvolution? F4x3 { get; } = CreateWidest<F4x3>();

    /// <inheritdoc cref="F4x3"/>
    public static WinogradConvolution? F5x3 { get; } = CreateWidest<F5x3>();

    /// <inheritdoc cref="F4x3"/>
    public static WinogradConvolution? F4x5 { get; } = CreateWidest<F4x5>();

    /// <summary>Winograd F(m×m, r×r)</summary>
    public abstract string Name { get; }

    /// <summary>What it saves, in a few words.</summary>
    public abstract string Saving { get; }

    /// <summary>Both channel counts must be multiples of it.</summary>
    public abstract int VectorWidth { get; }

    /// <summary>m: outputs per tile and axis.</summary>
    public abstract int OutputTileSize { get; }

    /// <summary>m + r − 1: inputs and multiplications per tile and axis.</summary>
    public abstract int Points { get; }

    /// <inheritdoc cref="DirectConvolution.Convolve"/>
    /// <param name="packed">The filters, packed as the direct kernels take them.</param>
    /// <param name="y">[N, P, Q, <paramref name="outputs"/>]</param>
    public abstract void Convolve(
        CpuDevice cpu, PatchGrid patches, float* packed, float* start, bool relu, float* y, int outputs);

    /// <inheritdoc cref="DirectConvolution.WeightGradient"/>
    public abstract void WeightGradient(CpuDevice cpu, PatchGrid patches, float* dy, int outputs, float* dw, float* db);

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
    public override string Name { get; } = FormattableString.Invariant(
        $"Winograd F({W.OutputTileSize}×{W.OutputTileSize}, {W.Taps}×{W.Taps})");

    public override string Saving { get; } = FormattableString.Invariant(
        $"{W.Points * W.Points} multiplications per tile, not {W.OutputTileSize * W.OutputTileSize * W.Taps * W.Taps}");

    public override int VectorWidth => V.Width;

    public override int OutputTileSize => W.OutputTileSize;

    public override int Points => W.Points;

    public override void Convolve(
        CpuDevice cpu, PatchGrid patches, float* packed, float* start, bool relu, float* y, int outputs) =>
        WinogradForward<V, W>.Run(cpu, patches, packed, start, relu, y, outputs);

    public override void WeightGradient(
        CpuDevice cpu, PatchGrid patches, float* dy, int outputs, float* dw, float* db) =>
        WinogradWeightGradient<V, W>.Run(cpu, patches, dy, outputs, dw, db);
}
