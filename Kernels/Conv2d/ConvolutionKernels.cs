using System.Runtime.Intrinsics;

namespace PyNetSharp;

/// <summary>The loops around the micro-kernels of a convolution, for one width of vectors.</summary>
internal abstract unsafe class ConvolutionKernels
{
    /// <summary>For the widest vectors that this processor has.</summary>
    public static ConvolutionKernels Best { get; } =
        Vector512.IsHardwareAccelerated ? new ConvolutionKernels<Lanes16>()
        : Vector256.IsHardwareAccelerated ? new ConvolutionKernels<Lanes8>()
        : Vector128.IsHardwareAccelerated ? new ConvolutionKernels<Lanes4>()
        : new ConvolutionKernels<Lanes1>();

    /// <summary>Floats that a packed matrix of [depth, columns] takes.</summary>
    public abstract int PackedSize(int depth, int columns);

    /// <summary>Packs [columns, depth], as weights are stored: [outputs, kh·kw·inputs].</summary>
    public abstract void PackRows(CpuDevice cpu, float* rows, int depth, int columns, float* packed);

    /// <summary>Packs [depth, columns].</summary>
    public abstract void PackColumns(float* matrix, int depth, int columns, float* packed);

    /// <summary>Packs the taps of one <see cref="Phase"/> per axis, last tap first, as [taps · outputs, inputs].</summary>
    /// <param name="weight">[outputs, kernel.H, kernel.W, inputs]</param>
    public abstract void PackFlipped(
        CpuDevice cpu, float* weight, int outputs, int inputs, (int H, int W) kernel, Phase rows, Phase columns,
        float* packed);

    /// <summary>target[position] = window[position] · packed + start, for every position.</summary>
    public abstract void Slide(
        CpuDevice cpu, Windows windows, float* packed, float* start, bool relu, Target target);

    /// <summary>Floats of working memory that <see cref="GradientByWeight"/> needs.</summary>
    public abstract int GradientSize(Windows windows, int outputs);

    /// <summary>dw[o, k] = Σ over positions of dy[position, o] · window[position, k], and db[o] = Σ dy[position, o].</summary>
    /// <param name="sums">Working memory, <see cref="GradientSize"/> floats.</param>
    public abstract void GradientByWeight(
        CpuDevice cpu, Windows windows, float* dy, int outputs, float* sums, float* dw, float* db);
}
