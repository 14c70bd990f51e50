namespace PyNetSharp.Layers;

/// <summary>x·Φ(x), elementwise, where Φ is the distribution function of the standard normal.</summary>
/// <param name="approximate">Whether to approximate Φ by a tanh, as GPT-2 does.</param>
public sealed class GELU(bool approximate = false) : Module
{
    /// <param name="x">Any shape.</param>
    /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
    protected override Tensor Forward(Tensor x) => x.Gelu(approximate);

    /// <inheritdoc/>
    protected override string Describe() => approximate ? "approximate='tanh'" : "approximate='none'";
}
