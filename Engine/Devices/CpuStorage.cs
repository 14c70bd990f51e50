namespace PyNetSharp;

/// <summary>A 64-byte aligned block of native memory.</summary>
internal sealed unsafe class CpuStorage(CpuDevice device, nint block, long size) : Storage(device)
{
    public float* Pointer => (float*)block;

    public Span<float> Span(int count) => new((void*)block, count);

    public Span<float> Span(int start, int count) => new(Pointer + start, count);

    protected override void Free() => device.FreeBlock(block, size);
}
