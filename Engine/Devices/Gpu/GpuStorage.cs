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
internal sealed class GpuStorage(GpuDevice device, GpuBlock block, long size) : Storage(device)
{
    /// <summary>The first <paramref name="count"/> floats.</summary>
    public ArrayView<float> View(int count) =>
        block.Buffer.AsArrayView<byte>(block.Offset, (long)count * sizeof(float)).Cast<float>();

    protected override void Free() => device.FreeBlock(block, size);
}
