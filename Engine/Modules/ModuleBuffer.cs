namespace PyNetSharp;

/// <summary>A tensor that belongs to a layer and is saved with it, but gets no gradient: running statistics.</summary>
public sealed class ModuleBuffer : Tensor
{
    /// <summary>A buffer with the numbers of <paramref name="content"/>, which it takes over: do not use that tensor again.</summary>
    public ModuleBuffer(Tensor content) : base(content)
    {
    }
}
