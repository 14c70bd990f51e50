namespace PyNetSharp.Layers;

/// <summary>The input itself: what takes the place of a layer that is to do nothing, such as a head.</summary>
public sealed class Identity : Module
{
    /// <param name="x">Of any shape.</param>
    /// <returns><paramref name="x"/> itself.</returns>
    protected override Tensor Forward(Tensor x) => x;
}
