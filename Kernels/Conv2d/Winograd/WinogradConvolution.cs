using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// Convolutions of stride 1 in the Winograd domain, where a tile of outputs takes fewer multiplications.
/// </summary>
/// <remarks>They compute what <see cref="DirectConvolution"/> does, up to rounding, from the same arguments.</remarks>
internal abstract unsafe class WinogradConvolution : IWeightLayout
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

    /// <summary>r: taps of the filter per axis.</summary>
    public abstract int Taps { get; }

    /// <summary>m: outputs per tile and axis.</summary>
    public abstract int OutputTileSize { get; }

    /// <summary>m + r − 1: inputs and multiplications per tile and axis.</summary>
    public abstract int InputTileSize { get; }

    /// <summary>Floats of the transformed filters.</summary>
    public abstract int FilterSize(int channels, int outputs);

    /// <summary>Transforms filters.</summary>
    /// <param name="packed">Packed as the direct kernels take them.</param>
    /// <param name="filters"><see cref="FilterSize"/> floats.</param>
    public abstract void TransformFilters(CpuDevice cpu, float* packed, int channels, int outputs, float* filters);

    /// <inheritdoc cref="DirectConvolution.Convolve"/>
    /// <param name="weights">
    /// Packed as the direct kernels take them, or of <see cref="TransformFilters"/> if
    /// <paramref name="areTransformed"/>.
    /// </param>
    /// <param name="y">[N, P, Q, <paramref name="outputs"/>]</param>
    public void Convolve(
        CpuDevice cpu, Patches patches, float* weights, bool areTransformed, float* packedBias, bool relu, float* y,
        int outputs)
    {
        // One block, so that a training step takes no more memory than its passes have in common.
        var filterSize = areTransformed ? 0 : FilterSize(patches.Channels, outputs);
        using var memory = new Workspace(cpu, filterSize + WorkspaceSize(cpu, patches, outputs));
        if (!areTransformed) TransformFilters(cpu, weights, patches.Channels, outputs, memory.Pointer);
        Convolve(
            cpu, patches, areTransformed ? weights : memory.Pointer, packedBias, relu, y, outputs,
            memory.Pointer + filterSize);
    }

    protected abstract int WorkspaceSize(CpuDevice cpu, Patches patches, int outputs);

    protected abstract void Convolve(
        CpuDevice cpu, Patches patches, float* filters, float* packedBias, bool relu, float* y, int outputs,
        float* workspace);

    /// <inheritdoc cref="DirectConvolution.WeightGradient"/>
    public abstract void WeightGradient(CpuDevice cpu, Patches patches, float* dy, int outputs, float* dw, float* db);

    int IWeightLayout.PreparedSize(int depth, int outputs) => FilterSize(depth / (Taps * Taps), outputs);

    void IWeightLayout.Prepare(CpuDevice cpu, float* rows, int depth, int outputs, float* to)
    {
        var direct = DirectConvolution.Widest;
        using var packed = new Workspace(cpu, direct.PackedSize(depth, outputs));
        direct.PackTransposed(cpu, rows, depth, outputs, packed.Pointer);
        TransformFilters(cpu, packed.Pointer, depth / (Taps * Taps), outputs, to);
    }

    private static WinogradConvolution? CreateWidest<TWinograd>() where TWinograd : struct, IWinograd =>
        VectorDispatch.Create<Factory<TWinograd>, WinogradConvolution?>();

    private readonly struct Factory<TWinograd> : IVectorFactory<WinogradConvolution?>
        where TWinograd : struct, IWinograd
    {
        public WinogradConvolution? Create<V>() where V : struct, IVector<V> =>
            V.Width == 1 ? null : new WinogradConvolution<V, TWinograd>();
    }
}

/// <inheritdoc/>
internal sealed unsafe class WinogradConvolution<V, TWinograd> : WinogradConvolution
    where V : struct, IVector<V>
    where TWinograd : struct, IWinograd
{
    public override string Name { get; } = FormattableString.Invariant(
        $"Winograd F({TWinograd.OutputTileSize}×{TWinograd.OutputTileSize}, {TWinograd.Taps}×{TWinograd.Taps})");

    public override string Saving { get; } = FormattableString.Invariant(
        $"{Square(TWinograd.InputTileSize)} multiplications per tile, not {DirectMultiplications}");

    public override int VectorWidth => V.Width;

    public override int Taps => TWinograd.Taps;

    public override int OutputTileSize => TWinograd.OutputTileSize;

    public override int InputTileSize => TWinograd.InputTileSize;

    public override int FilterSize(int channels, int outputs) =>
        WinogradFilters<V, TWinograd>.Size(channels, outputs);

    public override void TransformFilters(CpuDevice cpu, float* packed, int channels, int outputs, float* filters) =>
        WinogradFilters<V, TWinograd>.Transform(cpu, packed, channels, outputs, filters);

    protected override int WorkspaceSize(CpuDevice cpu, Patches patches, int outputs) =>
        WinogradForward<V, TWinograd>.WorkspaceSize(cpu, patches, outputs);

    protected override void Convolve(
        CpuDevice cpu, Patches patches, float* filters, float* packedBias, bool relu, float* y, int outputs,
        float* workspace) =>
        WinogradForward<V, TWinograd>.Run(cpu, patches, filters, packedBias, relu, y, outputs, workspace);

    public override void WeightGradient(
        CpuDevice cpu, Patches patches, float* dy, int outputs, float* dw, float* db) =>
        WinogradWeightGradient<V, TWinograd>.Run(cpu, patches, dy, outputs, dw, db);

    private static int DirectMultiplications => Square(TWinograd.OutputTileSize * TWinograd.Taps);

    private static int Square(int size) => size * size;
}
