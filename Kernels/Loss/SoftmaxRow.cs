using ILGPU;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>A row of logits that one group of threads reads.</summary>
/// <param name="x">All rows.</param>
/// <param name="classes">The length of a row.</param>
/// <param name="shared">Shared memory for <see cref="Threads"/> floats.</param>
internal readonly struct SoftmaxRow(ArrayView<float> x, int classes, ArrayView<float> shared)
{
    public const int Threads = 64;

    public int Start => Grid.IdxX * classes;

    public int End => Start + classes;

    /// <summary>The first element of this thread; the next is <see cref="Threads"/> elements further.</summary>
    public int ThreadStart => Start + Group.IdxX;

    /// <summary>
    /// The end of the block of <see cref="CompensatedSum.BlockLength"/> elements that a thread sums from
    /// <paramref name="i"/> on.
    /// </summary>
    public int BlockEnd(int i) => CompensatedSum.BlockEnd(i, Threads, End);

    /// <summary>The row's maximum; undefined if the row has a NaN.</summary>
    public float Max()
    {
        var max = x[Start];
        for (var i = ThreadStart; i < End; i += Threads)
            if (x[i] > max)
                max = x[i];
        return GroupReduction.Max(shared, max);
    }

    /// <summary>Σ exp(xⱼ − max); NaN if the row has one.</summary>
    public float SumExp(float max)
    {
        var total = new CompensatedSum();
        var i = ThreadStart;
        while (i < End)
        {
            var sum = 0f;
            for (var stop = BlockEnd(i); i < stop; i += Threads) sum += Exp(x[i] - max);
            total.Add(sum);
        }

        return GroupReduction.Sum(shared, total.Total);
    }

    public static float Exp(float x) => GpuFloat.Exp(new(x)).V;
}
