namespace PyNetSharp.Layers;

/// <summary>x·min(max(x + 3, 0), 6) / 6, elementwise.</summary>
public sealed class Hardswish : Module
{
    /// <param name="x">Any shape.</param>
    /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
    protected override Tensor Forward(Tensor x) => x.Hardswish();
}
