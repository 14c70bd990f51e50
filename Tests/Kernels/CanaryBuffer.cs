using System.Runtime.InteropServices;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Native floats between two canaries; a kernel that writes past its end is seen.</summary>
internal sealed unsafe class CanaryBuffer : IDisposable
{
    private const int CanaryLength = 64;
    private const float Canary = 12345.678f;
    private readonly float* block;
    private readonly int count;

    public CanaryBuffer(int count, Rng? rng)
    {
        this.count = count;
        block = (float*)NativeMemory.AlignedAlloc((nuint)(count + 2 * CanaryLength) * sizeof(float), 64);
        new Span<float>(block, count + 2 * CanaryLength).Fill(Canary);
        for (var i = 0; i < count; i++) Data[i] = rng?.NextFloat(-1, 1) ?? 0;
    }

    public float* Data => block + CanaryLength;

    public void Dispose()
    {
        var intact = !new ReadOnlySpan<float>(block, CanaryLength).ContainsAnyExcept(Canary)
            && !new ReadOnlySpan<float>(Data + count, CanaryLength).ContainsAnyExcept(Canary);
        NativeMemory.AlignedFree(block);
        Assert.That(intact, "A kernel wrote outside its output.");
    }
}
