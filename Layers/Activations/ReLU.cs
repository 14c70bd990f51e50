namespace PyNetSharp.Layers;

/// <summary>max(x, 0), elementwise. NaN stays NaN.</summary>
/// <remarks>
/// Directly after a <see cref="Conv2d"/> or <see cref="Linear"/>, <see cref="Sequential"/> runs both as one op.
/// </remarks>
public sealed class ReLU : Module
{
    /// <param name="x">Any shape.</param>
    /// <returns>Shaped like <paramref name="x"/>.</returns>
    protected override Tensor Forward(Tensor x) => x.Relu();
}
