using ILGPU;

namespace PyNetSharp;

/// <summary>A row of scores, which one group of threads works on.</summary>
/// <param name="x">All rows.</param>
/// <param name="classes">The length of a row.</param>
/// <param name="lanes">Shared memory for <see cref="Threads"/> floats.</param>
internal readonly struct ScoreRow(ArrayView<float> x, int classes, ArrayView<float> lanes)
{
    public const int Threads = 64;

    public int Start => Grid.IdxX * classes;

    public int End => Start + classes;

    /// <summary>The first element of this thread; the next is <see cref="Threads"/> further on.</summary>
    public int First => Start + Group.IdxX;

    /// <summary>
    /// Where the part of a row ends of which a thread sums <see cref="LongSum.Stretch"/> elements, from one on.
    /// </summary>
    public int StretchEnd(int i) => LongSum.EndOfStretch(i, Threads, End);

    public float Highest()
    {
        var highest = x[Start];
        for (var i = First; i < End; i += Threads)
            if (x[i] > highest)
                highest = x[i];
        return GroupReduction.Max(lanes, highest);
    }

    /// <summary>Σ exp(xⱼ − highest); NaN if there is one in the row.</summary>
    public float SumOfExponentials(float highest)
    {
        var total = new LongSum();
        var i = First;
        while (i < End)
        {
            var sum = 0f;
            for (var stop = StretchEnd(i); i < stop; i += Threads) sum += Exp(x[i] - highest);
            total.Add(sum);
        }

        return GroupReduction.Sum(lanes, total.Total);
    }

    public static float Exp(float x) => GpuFloat.Exp(new(x)).V;
}
