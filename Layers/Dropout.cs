namespace PyNetSharp.Layers;

/// <summary>Dropout of individual elements.</summary>
/// <param name="rng">Draws the masks; not shared with other layers: <c>rng.Split()</c>.</param>
/// <param name="p">The probability of a zero, in [0, 1].</param>
/// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
public sealed class Dropout(Rng rng, float p = 0.5f) : DropoutLayer(rng, p)
{
    /// <param name="x">Any shape.</param>
    /// <returns>Shaped like <paramref name="x"/>; in evaluation <paramref name="x"/> itself.</returns>
    protected override Tensor Forward(Tensor x) =>
        Training ? x.Dropout(P, Rng.NextUInt64(), PositionOf(x.Shape.Size)) : x;
}
