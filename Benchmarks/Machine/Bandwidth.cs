using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace PyNetSharp.Benchmarks;

/// <summary>The bandwidth of memory in bytes per second, on blocks far larger than the caches.</summary>
/// <remarks>
/// Counted as STREAM does: what the program reads and writes, without the write-allocate traffic of the caches.
/// </remarks>
/// <param name="Read">A sum over a block.</param>
/// <param name="Copy">One block to another.</param>
/// <param name="Triad">a = b + s·c.</param>
/// <seealso href="https://www.cs.virginia.edu/stream/">McCalpin, STREAM</seealso>
internal readonly record struct Bandwidth(double Read, double Copy, double Triad)
{
    private const int Floats = 1 << 25;     // 128 MB per block
    private const int ChunkFloats = 1 << 16;

    public double Best => Math.Max(Read, Math.Max(Copy, Triad));

    /// <param name="device">Its threads share the work.</param>
    /// <param name="runs">Of tens of milliseconds each; the best counts.</param>
    public static unsafe Bandwidth Measure(CpuDevice device, int runs = 5)
    {
        var blocks = (float*)NativeMemory.AlignedAlloc(3 * (nuint)Floats * sizeof(float), 64);
        try
        {
            float* a = blocks, b = blocks + Floats, c = blocks + 2L * Floats;
            device.ForRanges(3, 1, (block, _) => new Span<float>(blocks + (nint)block * Floats, Floats).Fill(1));
            return new(
                Rate(1, i => Sum(a + i)),
                Rate(2, i => new ReadOnlySpan<float>(a + i, ChunkFloats).CopyTo(new(b + i, ChunkFloats))),
                Rate(3, i => RunTriad(a + i, b + i, c + i)));
        }
        finally
        {
            NativeMemory.AlignedFree(blocks);
        }

        double Rate(int streams, Action<int> runChunk)
        {
            var best = double.MaxValue;
            for (var run = 0; run < runs; run++)
            {
                var start = Stopwatch.GetTimestamp();
                device.For(Floats / ChunkFloats, i => runChunk(i * ChunkFloats));
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            return (double)streams * Floats * sizeof(float) / best;
        }
    }

    private static unsafe void Sum(float* a)
    {
        Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (var i = 0; i < ChunkFloats; i += 4 * Vector<float>.Count)
        {
            s0 += Vector.Load(a + i);
            s1 += Vector.Load(a + i + Vector<float>.Count);
            s2 += Vector.Load(a + i + 2 * Vector<float>.Count);
            s3 += Vector.Load(a + i + 3 * Vector<float>.Count);
        }

        // Never true, but the compiler cannot know, so it keeps the sum.
        if (Vector.Sum(s0 + s1 + s2 + s3) < 0) throw new InvalidOperationException("A sum of ones is negative.");
    }

    private static unsafe void RunTriad(float* a, float* b, float* c)
    {
        var s = new Vector<float>(0.5f);
        for (var i = 0; i < ChunkFloats; i += Vector<float>.Count)
            (Vector.Load(b + i) + s * Vector.Load(c + i)).Store(a + i);
    }
}
