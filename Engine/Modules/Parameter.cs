namespace PyNetSharp;

/// <summary>A tensor that training changes and that is saved with its module: a weight or a bias.</summary>
public sealed class Parameter : Tensor
{
    /// <summary>
    /// Takes over the storage of <paramref name="content"/>, which must not be used afterwards.
    /// </summary>
    public Parameter(Tensor content) : base(content) => RequiresGrad = true;
}
