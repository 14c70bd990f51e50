namespace PyNetSharp;

/// <summary>A 64-byte aligned block of native memory.</summary>
/// <param name="device">The CPU device.</param>
/// <param name="block">The first byte.</param>
/// <param name="size">The bytes, as the allocator counts them.</param>
/// <param name="whole">The block that this is a part of, which it keeps alive; null if the block is its own.</param>
internal sealed unsafe class CpuStorage(CpuDevice device, nint block, long size, Storage? whole = null)
    : Storage(device)
{
    public float* Pointer => (float*)block;

    public Span<float> Span(int count) => new((void*)block, count);

    public Span<float> Span(int start, int count) => new(Pointer + start, count);

    protected override Storage SliceAt(long start) =>
        new CpuStorage(device, block + (nint)(start * sizeof(float)), 0, this) { IsReused = true };

    protected override void Free()
    {
        if (whole is null) device.FreeBlock(block, size);
    }
}
