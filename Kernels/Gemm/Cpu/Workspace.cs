namespace PyNetSharp.Kernels.Gemm;

/// <summary>A kernel's working memory from the device's cache, given back when disposed. No object is made for it.</summary>
internal readonly unsafe ref struct Workspace(Device device, int count)
{
    private readonly CpuDevice cpu = (CpuDevice)device;
    private readonly CpuDevice.Block block = ((CpuDevice)device).AllocateBlock(count);

    public float* Pointer => (float*)block.Start;

    public Span<float> Span => new(Pointer, count);

    public void Dispose() => cpu.FreeBlock(block.Start, block.Size);
}
