namespace PyNetSharp.Layers;

/// <summary>x, or <paramref name="alpha"/>·(eˣ − 1) where x is negative, elementwise.</summary>
/// <param name="alpha">The limit at −∞ is −alpha.</param>
public sealed class ELU(float alpha = 1) : Module
{
    /// <param name="x">Any shape.</param>
    /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
    protected override Tensor Forward(Tensor x) => x.Elu(alpha);

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"alpha={alpha:0.0######}");
}
