namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// A kernel's working memory, from the device's cache and returned to it by Dispose. It allocates no object.
/// </summary>
internal readonly unsafe ref struct Workspace(Device device, int count)
{
    private readonly CpuDevice? cpu = (CpuDevice)device;        // null in the default value, which holds nothing
    private readonly CpuDevice.Block block = ((CpuDevice)device).AllocateBlock(count);

    public float* Pointer => (float*)block.Start;

    public Span<float> Span => new(Pointer, count);

    public void Dispose() => cpu?.FreeBlock(block.Start, block.Size);
}
