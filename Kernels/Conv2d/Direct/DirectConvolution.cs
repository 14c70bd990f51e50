using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;
using static PyNetSharp.Kernels.DirectConvolution;

namespace PyNetSharp.Kernels;

/// <summary>
/// Convolutions by the definition's sums (no Winograd), for one vector width: any shape, any stride.
/// </summary>
internal abstract unsafe class DirectConvolution : IWeightLayout
{
    /// <summary>For the widest vectors of this CPU.</summary>
    public static DirectConvolution Widest { get; } = VectorDispatch.Create<Factory, DirectConvolution>();

    /// <summary>nr: columns of a packed panel.</summary>
    public abstract int Nr { get; }

    /// <summary>
    /// Floats of a packed [depth, columns] matrix: panels of nr columns, [⌈columns / nr⌉, depth, nr].
    /// </summary>
    public abstract int PackedSize(int depth, int columns);

    /// <summary>Packs the transpose of [columns, depth], as weights are stored: [K, R·S·C].</summary>
    public abstract void PackTransposed(CpuDevice cpu, float* rows, int depth, int columns, float* packed);

    int IWeightLayout.PreparedSize(int depth, int outputs) => PackedSize(depth, outputs);

    void IWeightLayout.Prepare(CpuDevice cpu, float* rows, int depth, int outputs, float* to) =>
        PackTransposed(cpu, rows, depth, outputs, to);

    /// <summary>Packs [depth, columns].</summary>
    public abstract void Pack(float* matrix, int depth, int columns, float* packed);

    /// <summary>
    /// Packs the taps of one <see cref="SubconvolutionAxis"/> per axis, last tap first, as [taps · outputs, inputs].
    /// </summary>
    /// <param name="weight">[outputs, kernel.H, kernel.W, inputs]</param>
    public abstract void PackSubconvolution(
        CpuDevice cpu, float* weight, int outputs, int inputs, (int H, int W) kernel, SubconvolutionAxis rows,
        SubconvolutionAxis columns, float* packed);

    /// <summary>
    /// output[position] = patch[position] · packed + packedBias, then perhaps max(·, 0), for every position.
    /// </summary>
    public abstract void Convolve(
        CpuDevice cpu, Patches patches, float* packed, float* packedBias, bool relu, StridedOutput output);

    /// <summary>Floats of working memory that <see cref="WeightGradient"/> needs.</summary>
    public abstract int WeightGradientWorkspaceSize(Patches patches, int outputs);

    /// <summary>
    /// dw[o, k] = Σ over positions of dy[position, o] · patch[position, k], and db[o] = Σ dy[position, o].
    /// </summary>
    /// <param name="dyStride">Floats from one position of dy to the next: K.</param>
    /// <param name="outputs">Channels of dy that are read: K, or those of a group.</param>
    /// <param name="sums">Working memory, <see cref="WeightGradientWorkspaceSize"/> floats.</param>
    public abstract void WeightGradient(
        CpuDevice cpu, Patches patches, float* dy, int dyStride, int outputs, float* sums, float* dw, float* db);

    public static int CeilDiv(int count, int size) => (count + size - 1) / size;

    private readonly struct Factory : IVectorFactory<DirectConvolution>
    {
        public DirectConvolution Create<V>() where V : struct, IVector<V> => new DirectConvolution<V>();
    }
}

/// <inheritdoc/>
internal sealed unsafe class DirectConvolution<V> : DirectConvolution where V : struct, IVector<V>
{
    public override int Nr => Panels<V>.Nr;

    public override int PackedSize(int depth, int columns) => Panels<V>.Count(columns) * depth * Nr;

    public override void PackTransposed(CpuDevice cpu, float* rows, int depth, int columns, float* packed) =>
        cpu.For(Panels<V>.Count(columns), i => PanelPacking.PackTransposed(
            rows + (nint)i * Nr * depth, depth, depth, Panels<V>.Columns(i, columns),
            packed + (nint)i * Nr * depth, Nr));

    public override void Pack(float* matrix, int depth, int columns, float* packed)
    {
        for (var i = 0; i < Panels<V>.Count(columns); i++)
            PanelPacking.Pack(
                matrix + i * Nr, columns, depth, Panels<V>.Columns(i, columns), packed + (nint)i * Nr * depth, Nr);
    }

    public override void PackSubconvolution(
        CpuDevice cpu, float* weight, int outputs, int inputs, (int H, int W) kernel, SubconvolutionAxis rows,
        SubconvolutionAxis columns, float* packed) =>
        cpu.For(Panels<V>.Count(inputs), i =>
        {
            var to = packed + (nint)i * rows.Taps * columns.Taps * outputs * Nr;
            for (var r = rows.Taps - 1; r >= 0; r--)
                for (var c = columns.Taps - 1; c >= 0; c--, to += outputs * Nr)
                {
                    var (row, column) = (rows.FirstTap + r * rows.TapStride, columns.FirstTap + c * columns.TapStride);
                    var tap = row * kernel.W + column;
                    PanelPacking.Pack(
                        weight + tap * inputs + i * Nr, kernel.H * kernel.W * inputs, outputs,
                        Panels<V>.Columns(i, inputs), to, Nr);
                }
        });

    public override void Convolve(
        CpuDevice cpu, Patches patches, float* packed, float* packedBias, bool relu, StridedOutput output) =>
        DirectForward<V>.Run(cpu, patches, packed, packedBias, relu, output);

    public override int WeightGradientWorkspaceSize(Patches patches, int outputs) =>
        PackedSize(patches.PatchLength + 1, outputs) * DirectWeightGradient<V>.SplitKSlices(patches, outputs);

    public override void WeightGradient(
        CpuDevice cpu, Patches patches, float* dy, int dyStride, int outputs, float* sums, float* dw, float* db) =>
        DirectWeightGradient<V>.Run(cpu, patches, dy, dyStride, outputs, sums, dw, db);
}

/// <summary>
/// The columns of a packed matrix, cut into panels of nr; and the prefetches of what is packed or read next.
/// </summary>
internal static unsafe class Panels<V> where V : struct, IVector<V>
{
    /// <summary>nr: columns of a panel, two vectors.</summary>
    public static int Nr => 2 * V.Width;

    public static int Count(int columns) => CeilDiv(columns, Nr);

    /// <summary>Columns of one panel: nr, or what remains for the last.</summary>
    public static int Columns(int panel, int columns) => Math.Min(Nr, columns - panel * Nr);

    /// <summary>
    /// Prefetches the pixels of the next block; only for 1×1: larger kernels' next block overlaps pixels already read.
    /// </summary>
    public static Prefetcher PrefetchNext(Patches patches, int first, int count, int calls, int depth) =>
        patches.Geometry is { R: 1, S: 1, Stride: (1, 1), IsOfGroup: false }
            ? new(
                patches.Pixels + (nint)first * patches.Channels,
                (long)Math.Min(count, patches.Positions - first) * patches.Channels, calls, depth)
            : default;
}
