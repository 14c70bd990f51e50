namespace PyNetSharp.Tests;

/// <summary>One case of the op table: an op on inputs of given shapes, drawn uniformly from [Low, High).</summary>
public sealed record OpRow(string Name, Func<Tensor[], Tensor> Op, params Shape[] Shapes)
{
    /// <summary>
    /// What the op must yield, computed in double by code that is slow and plainly right; or a golden value checks it.
    /// </summary>
    public Func<ReferenceTensor[], ReferenceTensor>? Reference { get; init; }

    /// <summary>
    /// Other shapes for comparing numbers of threads: large enough for several ranges of parallel work.
    /// </summary>
    public Shape[] LargeShapes { get => field ?? Shapes; init; }

    /// <summary>The least value of an input. Keep away from kinks by more than <see cref="Step"/>.</summary>
    public float Low { get; init; } = -1;

    public float High { get; init; } = 1;

    /// <summary>
    /// How far the inputs are moved for a central difference. 1 where the op is linear in each input: exact there.
    /// </summary>
    public float Step { get; init; } = 1f / 32;

    /// <summary>How far the gradient may be off, relative to 1 + its size.</summary>
    /// <remarks>
    /// The difference is off by step²/6 of a third derivative (1.6e-4 of it) and by the rounding of two results,
    /// 6e-8·√n/step (2e-5 for a hundred elements).
    /// </remarks>
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>How far a value may be off the reference, relative to 1 + its size: some thirty roundings.</summary>
    public double ValueTolerance { get; init; } = 2e-6;

    /// <summary>
    /// How far a device's gradient may be off the CPU's, relative to 1 + its size: both sum up in float, in different
    /// orders.
    /// </summary>
    public double GradientTolerance { get; init; } = 2e-5;

    public Tensor[] DrawInputs(Shape[] shapes, Device device)
    {
        var rng = new Rng(20240229);
        return [.. shapes.Select(shape => Tensor.Uniform(shape, Low, High, rng, device))];
    }

    public override string ToString() => $"{Name}({string.Join(", ", Shapes.AsEnumerable())})";
}

/// <summary>Shapes that an op must refuse, naming itself and all of them.</summary>
public sealed record ShapeErrorRow(string Name, Func<Tensor[], Tensor> Op, params Shape[] Shapes)
{
    public override string ToString() => $"{Name}({string.Join(", ", Shapes.AsEnumerable())})";
}
