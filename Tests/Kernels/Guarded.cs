using System.Runtime.InteropServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Native floats between two canaries; a kernel that writes past its end is seen.</summary>
internal sealed unsafe class Guarded : IDisposable
{
    private const int Fence = 64;
    private const float Canary = 12345.678f;
    private readonly float* block;
    private readonly int count;

    public Guarded(int count, Rng? rng)
    {
        this.count = count;
        block = (float*)NativeMemory.AlignedAlloc((nuint)(count + 2 * Fence) * sizeof(float), 64);
        new Span<float>(block, count + 2 * Fence).Fill(Canary);
        for (var i = 0; i < count; i++) Data[i] = rng?.NextFloat(-1, 1) ?? 0;
    }

    public float* Data => block + Fence;

    public void Dispose()
    {
        var intact = !new ReadOnlySpan<float>(block, Fence).ContainsAnyExcept(Canary)
            && !new ReadOnlySpan<float>(Data + count, Fence).ContainsAnyExcept(Canary);
        NativeMemory.AlignedFree(block);
        Assert.That(intact, "A kernel wrote outside its output.");
    }
}
