namespace PyNetSharp.Layers;

/// <summary>The hyperbolic tangent, elementwise.</summary>
public sealed class Tanh : Module
{
    /// <param name="x">Any shape.</param>
    /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
    protected override Tensor Forward(Tensor x) => x.Tanh();
}
