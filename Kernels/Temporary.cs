namespace PyNetSharp;

/// <summary>A kernel's working memory from the device's cache, given back when disposed. No object is made for it.</summary>
internal readonly unsafe ref struct Temporary(Device device, int count)
{
    private readonly CpuDevice cpu = (CpuDevice)device;
    private readonly CpuDevice.Block block = ((CpuDevice)device).Take(count);

    public float* Pointer => (float*)block.Start;

    public Span<float> Span => new(Pointer, count);

    public void Dispose() => cpu.Return(block.Start, block.Size);
}
