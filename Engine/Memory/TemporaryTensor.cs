namespace PyNetSharp;

/// <summary>A tensor for a part of a computation: <c>using</c> releases it at the end of the scope, on every device.</summary>
/// <param name="tensor">The tensor.</param>
/// <param name="borrowed">If this is the same tensor, it is the caller's and not released.</param>
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
