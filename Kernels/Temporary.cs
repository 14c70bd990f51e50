namespace PyNetSharp;

/// <summary>A kernel's working memory from the device's cache, given back when disposed.</summary>
internal readonly unsafe ref struct Temporary(Device device, int count)
{
    private readonly Tensor tensor = new([count], device);

    public float* Pointer => tensor.Pointer;

    public Span<float> Span => tensor.Span;

    public void Dispose() => tensor.Discard();
}
