namespace PyNetSharp.Layers;

/// <summary>x, or <paramref name="negativeSlope"/>·x where x is negative, elementwise.</summary>
/// <param name="negativeSlope">The derivative of negative x.</param>
public sealed class LeakyReLU(float negativeSlope = 0.01f) : Module
{
    /// <param name="x">Any shape.</param>
    /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
    protected override Tensor Forward(Tensor x) => x.LeakyRelu(negativeSlope);

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"negative_slope={negativeSlope}");
}
