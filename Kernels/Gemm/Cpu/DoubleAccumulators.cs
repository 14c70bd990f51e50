using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Sums in double precision of the partial sums that a kernel computes in single precision.</summary>
/// <param name="count">The number of sums.</param>
internal readonly unsafe ref struct DoubleAccumulators(CpuDevice cpu, int count)
{
    private const int GrainSize = 1 << 14;      // floats that one thread takes at a time

    private readonly Workspace memory = new(cpu, checked(2 * count));

    private double* Sums => (double*)memory.Pointer;

    /// <summary>sums = 0; required before the first <see cref="Add(float*, int, int)"/>.</summary>
    public void Clear() => memory.Span.Clear();

    /// <summary>sums[first + i] += part[i]</summary>
    public void Add(float* part, int first, int length)
    {
        var to = Sums + first;
        cpu.ForRanges(length, GrainSize, (start, n) => Add(part + start, to + start, n));
    }

    /// <summary>to[i] = sums[first + i]</summary>
    public void Store(float* to, int first, int length)
    {
        var from = Sums + first;
        cpu.ForRanges(length, GrainSize, (start, n) =>
        {
            for (var i = start; i < start + n; i++) to[i] = (float)from[i];
        });
    }

    public void Dispose() => memory.Dispose();

    /// <summary>to[i] += from[i]</summary>
    public static void Add(float* from, double* to, int n)
    {
        var i = 0;
        for (; i <= n - F64x8.Width; i += F64x8.Width)
            (F64x8.Load(to + i) + F64x8.Widen(F32x8.Load(from + i))).Store(to + i);

        for (; i < n; i++) to[i] += from[i];
    }
}
