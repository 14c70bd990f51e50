using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>The loops around the micro-kernels of a convolution, for one width of vectors.</summary>
internal abstract unsafe class DirectConvolution
{
    /// <summary>For the widest vectors that this processor has.</summary>
    public static DirectConvolution Widest { get; } =
        VectorDispatch.Create<Factory, DirectConvolution>();

    /// <summary>Floats that a packed matrix of [depth, columns] takes.</summary>
    public abstract int PackedSize(int depth, int columns);

    /// <summary>Packs [columns, depth], as weights are stored: [outputs, kh·kw·inputs].</summary>
    public abstract void PackRows(CpuDevice cpu, float* rows, int depth, int columns, float* packed);

    /// <summary>Packs [depth, columns].</summary>
    public abstract void PackColumns(float* matrix, int depth, int columns, float* packed);

    /// <summary>Packs the taps of one <see cref="SubconvolutionAxis"/> per axis, last tap first, as [taps · outputs, inputs].</summary>
    /// <param name="weight">[outputs, kernel.H, kernel.W, inputs]</param>
    public abstract void PackSubconvolution(
        CpuDevice cpu, float* weight, int outputs, int inputs, (int H, int W) kernel, SubconvolutionAxis rows, SubconvolutionAxis columns,
        float* packed);

    /// <summary>target[position] = window[position] · packed + start, for every position.</summary>
    public abstract void Convolve(
        CpuDevice cpu, PatchGrid windows, float* packed, float* start, bool relu, StridedOutput target);

    /// <summary>Floats of working memory that <see cref="WeightGradient"/> needs.</summary>
    public abstract int WeightGradientWorkspaceSize(PatchGrid windows, int outputs);

    /// <summary>dw[o, k] = Σ over positions of dy[position, o] · window[position, k], and db[o] = Σ dy[position, o].</summary>
    /// <param name="sums">Working memory, <see cref="WeightGradientWorkspaceSize"/> floats.</param>
    public abstract void WeightGradient(
        CpuDevice cpu, PatchGrid windows, float* dy, int outputs, float* sums, float* dw, float* db);

    private readonly struct Factory : IVectorFactory<DirectConvolution>
    {
        public static DirectConvolution Create<V>() where V : struct, IVector<V> => new DirectConvolution<V>();
    }
}
