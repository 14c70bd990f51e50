using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>Brings a stretch of memory into the L2 cache little by little, while the processor multiplies what is there already.</summary>
/// <remarks>
/// Left alone, a kernel waits for memory at the start of each piece and leaves memory idle for the rest of it. Many lines
/// asked for at once would hold up the kernel's own loads: so each call of a micro-kernel takes a part, and asks for a line at
/// each turn of its loop. Of a stretch with more lines than there are turns, some are left out.
/// </remarks>
internal unsafe struct Prefetcher
{
    private readonly nint bytesPerCall, bytesPerIteration;
    private byte* next;

    /// <param name="from">Where the stretch begins.</param>
    /// <param name="floats">Its length.</param>
    /// <param name="calls">How many calls of a micro-kernel shall bring all of it.</param>
    /// <param name="depth">The steps of each call.</param>
    public Prefetcher(float* from, long floats, long calls, long depth)
    {
        next = (byte*)from;
        bytesPerCall = (nint)Math.Ceiling(floats * sizeof(float) / (double)Math.Max(calls, 1));
        bytesPerIteration = (nint)Math.Ceiling(bytesPerCall / (double)Math.Max(depth / MicroKernels.UnrollFactor, 1));
    }

    /// <summary>What the next call shall bring.</summary>
    public Slice NextSlice()
    {
        var part = new Slice(next, bytesPerIteration);
        next += bytesPerCall;
        return part;
    }

    /// <summary>A call's part of the stretch; the default asks for address 0, which brings nothing.</summary>
    public struct Slice(byte* next, nint bytesPerIteration)
    {
        private byte* next = next;

        /// <summary>Asks for a line; a place beyond the stretch, or one that is not there, does no harm.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Prefetch()
        {
            if (!Sse.IsSupported) return;
            Sse.Prefetch1(next);
            next += bytesPerIteration;
        }
    }
}
