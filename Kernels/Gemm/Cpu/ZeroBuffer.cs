using System.Runtime.InteropServices;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Zeros that every kernel of the process may read and none writes: what padding points at.</summary>
internal static unsafe class ZeroBuffer
{
    private const int MinCount = 1 << 14;

    private static readonly Lock Growth = new();
    private static Zeros current = new(MinCount);

    /// <summary>At least <paramref name="count"/> zeros.</summary>
    public static float* Get(int count)
    {
        var zeros = Volatile.Read(ref current);
        return (zeros.Count >= count ? zeros : Grow(count)).Start;
    }

    /// <remarks>Others may read the buffer before, so it is never freed; all together are twice the last.</remarks>
    private static Zeros Grow(int count)
    {
        lock (Growth)
        {
            if (current.Count < count) Volatile.Write(ref current, new(Math.Max(count, 2 * current.Count)));
            return current;
        }
    }

    private sealed class Zeros
    {
        public Zeros(int count)
        {
            Count = count;
            Start = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
            new Span<float>(Start, count).Clear();
        }

        public int Count { get; }

        public float* Start { get; }
    }
}
