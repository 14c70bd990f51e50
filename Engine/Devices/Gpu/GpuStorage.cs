using ILGPU;
using ILGPU.Runtime;

namespace PyNetSharp;

/// <summary>A block of a GPU's memory: ILGPU's buffer and an offset in bytes.</summary>
internal readonly record struct GpuBlock(MemoryBuffer Buffer, long Offset)
{
    public GpuBlock At(long offset) => this with { Offset = Offset + offset };

    public void Free() => Buffer.Dispose();
}

/// <summary>Storage in a GPU's memory.</summary>
/// <param name="device">The GPU.</param>
/// <param name="block">The memory.</param>
/// <param name="size">The bytes, as the allocator counts them.</param>
/// <param name="whole">The block that this is a part of, which it keeps alive; null if the block is its own.</param>
internal sealed class GpuStorage(GpuDevice device, GpuBlock block, long size, Storage? whole = null) : Storage(device)
{
    /// <summary>The first <paramref name="count"/> floats.</summary>
    public ArrayView<float> View(int count) =>
        block.Buffer.AsArrayView<byte>(block.Offset, (long)count * sizeof(float)).Cast<float>();

    protected override Storage SliceAt(long start) =>
        new GpuStorage(device, block.At(start * sizeof(float)), 0, this) { IsReused = true };

    protected override void Free()
    {
        if (whole is null) device.FreeBlock(block, size);
    }
}
