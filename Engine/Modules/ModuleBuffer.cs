namespace PyNetSharp;

/// <summary>
/// A tensor that is saved with its module but gets no gradient, such as running statistics: PyTorch's buffer.
/// </summary>
public sealed class ModuleBuffer : Tensor
{
    /// <summary>
    /// Takes over the storage of <paramref name="content"/>, which must not be used afterwards.
    /// </summary>
    public ModuleBuffer(Tensor content) : base(content)
    {
    }
}
