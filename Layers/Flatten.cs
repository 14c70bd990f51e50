namespace PyNetSharp.Layers;

/// <summary>Reshapes each item of a batch to one row of features, in C, H, W order for images.</summary>
public sealed class Flatten : Module
{
    /// <param name="x">[n, …]</param>
    /// <returns>[n, product of the other extents]</returns>
    /// <exception cref="ShapeException">The input is a scalar.</exception>
    protected override Tensor Forward(Tensor x) => x.Flatten();

    /// <inheritdoc/>
    protected override string Describe() => "start_dim=1, end_dim=-1";
}
