namespace PyNetSharp.Layers;

/// <summary>Dropout of whole channels of sequences, whose adjacent elements are strongly correlated.</summary>
/// <param name="rng">Draws the masks; not shared with other layers: <c>rng.Split()</c>.</param>
/// <param name="p">The probability of a channel of zeros, in [0, 1].</param>
/// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
/// <seealso href="https://arxiv.org/abs/1411.4280">Tompson et al., 2015, §3.2</seealso>
public sealed class Dropout1d(Rng rng, float p = 0.5f) : DropoutLayer(rng, p)
{
    /// <param name="x">[n, c, length]</param>
    /// <returns>Shaped like <paramref name="x"/>; in evaluation <paramref name="x"/> itself.</returns>
    /// <exception cref="ShapeException">The input is of another rank.</exception>
    protected override Tensor Forward(Tensor x) =>
        Training ? x.Dropout1d(P, Rng.NextUInt64(), PositionOf(ChannelCount(x))) : x;
}
