namespace PyNetSharp.Layers;

/// <summary>
/// Dropout of whole channels: adjacent pixels are strongly correlated, so dropping individual ones hardly regularizes.
/// </summary>
/// <param name="rng">Draws the masks; not shared with other layers: <c>rng.Split()</c>.</param>
/// <param name="p">The probability of a channel of zeros, in [0, 1].</param>
/// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
/// <seealso href="https://arxiv.org/abs/1411.4280">Tompson et al., 2015, §3.2</seealso>
public sealed class Dropout2d(Rng rng, float p = 0.5f) : DropoutLayer(rng, p)
{
    /// <param name="x">[n, c, h, w]</param>
    /// <returns>Shaped like <paramref name="x"/>; in evaluation <paramref name="x"/> itself.</returns>
    /// <exception cref="ShapeException">The input is no batch of images.</exception>
    protected override Tensor Forward(Tensor x) =>
        Training ? x.Dropout2d(P, Rng.NextUInt64(), PositionOf(ChannelCount(x))) : x;
}
