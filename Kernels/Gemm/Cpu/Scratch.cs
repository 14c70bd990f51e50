using System.Runtime.InteropServices;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>A thread's working memory for one task of a kernel: packed panels, indirection buffers.</summary>
/// <remarks>It grows to the largest task of the thread and is reused by the next.</remarks>
internal sealed unsafe class Scratch
{
    [ThreadStatic] private static Scratch? current;

    private byte* block;
    private nuint size, used;

    private Scratch()
    {
    }

    ~Scratch() => NativeMemory.AlignedFree(block);

    /// <summary>
    /// This thread's scratch memory of at least <paramref name="bytes"/>; what was taken before is invalid.
    /// </summary>
    /// <param name="bytes">The sum of all takes, each rounded up to 64 bytes.</param>
    public static Scratch ForThread(long bytes)
    {
        var scratch = current ??= new();
        scratch.used = 0;
        if (scratch.size < (nuint)bytes)
        {
            NativeMemory.AlignedFree(scratch.block);
            scratch.size = 0;
            scratch.block = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            scratch.size = (nuint)bytes;
        }

        return scratch;
    }

    /// <summary>The bytes that <paramref name="count"/> elements of <paramref name="size"/> bytes take.</summary>
    public static long AlignedBytes(long count, int size) => (count * size + 63) / 64 * 64;

    public float* Floats(long count) => (float*)Take(AlignedBytes(count, sizeof(float)));

    public float** Pointers(long count) => (float**)Take(AlignedBytes(count, sizeof(float*)));

    private byte* Take(long bytes)
    {
        var start = block + used;
        used += (nuint)bytes;
        return used <= size ? start : throw new InvalidOperationException($"Scratch: {used} bytes taken of {size}.");
    }
}
