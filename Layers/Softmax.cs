namespace PyNetSharp.Layers;

/// <summary>Converts logits to probabilities along the second axis: exp(xⱼ) / Σₖ exp(xₖ).</summary>
public sealed class Softmax : Module
{
    /// <param name="x">[n, classes] or [n, classes, h, w]</param>
    /// <returns>Shaped like <paramref name="x"/>; positive, summing to 1 over the classes.</returns>
    /// <exception cref="ShapeException">The input has another rank.</exception>
    protected override Tensor Forward(Tensor x) => x.Softmax();

    /// <inheritdoc/>
    protected override string Describe() => "dim=1";
}
