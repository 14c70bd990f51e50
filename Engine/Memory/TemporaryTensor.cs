namespace PyNetSharp;

/// <summary>A tensor within a computation, which <c>using</c> releases at the end of the scope.</summary>
/// <param name="tensor">The tensor.</param>
/// <param name="borrowed">Not released if it is the same tensor: it belongs to the caller.</param>
internal readonly ref struct TemporaryTensor(Tensor tensor, Tensor? borrowed = null)
{
    /// <summary>A tensor whose content is arbitrary.</summary>
    public TemporaryTensor(Shape shape, Device device) : this(new Tensor(shape, device))
    {
    }

    public Tensor Tensor => tensor;

    public static implicit operator Tensor(TemporaryTensor temporary) => temporary.Tensor;

    public void Dispose()
    {
        if (tensor != borrowed) tensor.Release();
    }
}
