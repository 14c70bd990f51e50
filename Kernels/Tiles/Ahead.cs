using System.Runtime.Intrinsics.X86;

namespace PyNetSharp;

/// <summary>Brings a stretch of memory into the L2 cache little by little, while the processor multiplies what is there already.</summary>
/// <remarks>Left alone, a kernel waits for memory at the start of each piece and leaves memory idle for the rest of it.</remarks>
internal unsafe struct Ahead
{
    private const int Line = 64;

    private readonly byte* end;
    private readonly nint step;
    private byte* next;

    /// <param name="from">Where the stretch begins.</param>
    /// <param name="floats">Its length.</param>
    /// <param name="calls">How many calls of <see cref="Fetch"/> shall bring all of it.</param>
    public Ahead(float* from, long floats, int calls)
    {
        next = (byte*)from;
        end = next + floats * sizeof(float);
        step = (nint)(floats * sizeof(float) / Math.Max(calls, 1) + Line);
    }

    /// <summary>Brings the next part.</summary>
    public void Fetch()
    {
        if (!Sse.IsSupported) return;
        for (var stop = next + Math.Min(step, end - next); next < stop; next += Line) Sse.Prefetch1(next);
    }
}
