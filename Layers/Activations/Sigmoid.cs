namespace PyNetSharp.Layers;

/// <summary>σ(x) = 1 / (1 + e⁻ˣ), elementwise.</summary>
public sealed class Sigmoid : Module
{
    /// <param name="x">Any shape.</param>
    /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
    protected override Tensor Forward(Tensor x) => x.Sigmoid();
}
