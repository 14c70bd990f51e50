using ILGPU;
using ILGPU.Runtime;

namespace PyNetSharp;

/// <summary>A place in a buffer of a GPU's memory.</summary>
internal readonly record struct GpuBlock(MemoryBuffer Buffer, long Offset)
{
    public GpuBlock At(long offset) => this with { Offset = Offset + offset };

    public void Free() => Buffer.Dispose();
}

/// <summary>A block of a GPU's memory.</summary>
internal sealed class GpuStorage(GpuDevice device, GpuBlock block, long size) : Storage(device)
{
    /// <summary>The first <paramref name="count"/> floats.</summary>
    public ArrayView<float> View(int count) =>
        block.Buffer.AsArrayView<byte>(block.Offset, (long)count * sizeof(float)).Cast<float>();

    protected override void Free() => device.FreeBlock(block, size);
}

/// <summary>A tensor as GPU kernels see it.</summary>
internal static class GpuTensorExtensions
{
    extension(Tensor x)
    {
        /// <summary>The numbers in storage order.</summary>
        public ArrayView<float> View => ((GpuStorage)x.Storage).View(x.Shape.Size);

        /// <summary>The device that holds the tensor and runs its kernels.</summary>
        public GpuDevice Gpu => (GpuDevice)x.Device;
    }
}
