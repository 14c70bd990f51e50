using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Prefetches a range of memory into the L2 cache, some lines with each call of a micro-kernel.</summary>
/// <remarks>
/// Without it a kernel waits for memory at the start of each task, and memory is idle for the rest of it. Many
/// prefetches at once would delay the kernel's own loads, so each call of a micro-kernel takes a share of the range and
/// prefetches in each iteration of its loop as many lines as it takes to reach the share's end: one as a rule, two or
/// three where few output channels leave few iterations per input channel.
/// </remarks>
internal unsafe struct Prefetcher
{
    private const int CacheLine = 64;

    private readonly nint bytesPerCall, bytesPerIteration;
    private byte* next;

    /// <param name="from">Where the range begins.</param>
    /// <param name="floats">Its length.</param>
    /// <param name="calls">The calls of a micro-kernel that share the range.</param>
    /// <param name="depth">The products per sum of each call.</param>
    public Prefetcher(float* from, long floats, long calls, long depth)
    {
        next = (byte*)from;
        bytesPerCall = (nint)Math.Ceiling(floats * sizeof(float) / (double)Math.Max(calls, 1));
        bytesPerIteration = (nint)Math.Ceiling(bytesPerCall / (double)Math.Max(depth / MicroKernels.UnrollFactor, 1));
    }

    /// <summary>
    /// Prefetches the line of an address into the L1 cache. An address that is not mapped does no harm.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchL1(float* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>The share of the next call.</summary>
    public Share NextShare()
    {
        var share = new Share(next, bytesPerIteration);
        next += bytesPerCall;
        return share;
    }

    /// <summary>One call's share of the range. The default one prefetches address 0, which does nothing.</summary>
    public struct Share(byte* next, nint bytesPerIteration)
    {
        private byte* next = next;

        /// <summary>
        /// Prefetches the next lines. An address beyond the range, or one that is not mapped, does no harm.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Prefetch()
        {
            if (!Sse.IsSupported) return;
            var end = next + bytesPerIteration;
            do
            {
                Sse.Prefetch1(next);
                next += CacheLine;
            }
            while (next < end);
            next = end;
        }
    }
}
