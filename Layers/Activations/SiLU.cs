namespace PyNetSharp.Layers;

/// <summary>SiLU, also called swish: x·σ(x), elementwise.</summary>
public sealed class SiLU : Module
{
    /// <param name="x">Any shape.</param>
    /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
    protected override Tensor Forward(Tensor x) => x.Silu();
}
