namespace PyNetSharp;

/// <summary>A tensor that training changes: a layer's weight or bias. Saved with the model.</summary>
public sealed class Parameter : Tensor
{
    /// <summary>A parameter with the numbers of <paramref name="content"/>, which it takes over: do not use that tensor again.</summary>
    public Parameter(Tensor content) : base(content) => RequiresGrad = true;
}
