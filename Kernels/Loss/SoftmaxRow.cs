using ILGPU;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>A row of scores, which one group of threads works on.</summary>
/// <param name="x">All rows.</param>
/// <param name="classes">The length of a row.</param>
/// <param name="lanes">Shared memory for <see cref="Threads"/> floats.</param>
internal readonly struct SoftmaxRow(ArrayView<float> x, int classes, ArrayView<float> lanes)
{
    public const int Threads = 64;

    public int Start => Grid.IdxX * classes;

    public int End => Start + classes;

    /// <summary>The first element of this thread; the next is <see cref="Threads"/> further on.</summary>
    public int ThreadStart => Start + Group.IdxX;

    /// <summary>
    /// Where the part of a row ends of which a thread sums <see cref="CompensatedSum.BlockLength"/> elements, from one on.
    /// </summary>
    public int BlockEnd(int i) => CompensatedSum.BlockEnd(i, Threads, End);

    public float Max()
    {
        var highest = x[Start];
        for (var i = ThreadStart; i < End; i += Threads)
            if (x[i] > highest)
                highest = x[i];
        return GroupReduction.Max(lanes, highest);
    }

    /// <summary>Σ exp(xⱼ − highest); NaN if there is one in the row.</summary>
    public float SumExp(float highest)
    {
        var total = new CompensatedSum();
        var i = ThreadStart;
        while (i < End)
        {
            var sum = 0f;
            for (var stop = BlockEnd(i); i < stop; i += Threads) sum += Exp(x[i] - highest);
            total.Add(sum);
        }

        return GroupReduction.Sum(lanes, total.Total);
    }

    public static float Exp(float x) => GpuFloat.Exp(new(x)).V;
}
