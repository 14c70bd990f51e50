namespace PyNetSharp.Layers;

/// <summary>log(1 + exp(<paramref name="beta"/>·x)) / <paramref name="beta"/>, elementwise.</summary>
/// <param name="beta">How sharp the bend at 0 is; not 0.</param>
public sealed class Softplus(float beta = 1) : Module
{
    /// <param name="x">Any shape.</param>
    /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
    protected override Tensor Forward(Tensor x) => x.Softplus(beta);

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"beta={beta:0.0######}");
}
