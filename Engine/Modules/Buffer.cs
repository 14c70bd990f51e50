namespace PyNetSharp;

/// <summary>A tensor that belongs to a layer and is saved with it, but gets no gradient: running statistics.</summary>
public sealed class Buffer : Tensor
{
    /// <summary>A buffer with the numbers of <paramref name="content"/>, which it takes over: do not use that tensor again.</summary>
    public Buffer(Tensor content) : base(content)
    {
    }
}
