namespace PyNetSharp;

/// <summary>A tensor of a plan: in a buffer of the arena, or one that exists, as a parameter does.</summary>
/// <remarks>Two tensors of one buffer are views of the same storage.</remarks>
internal sealed class PlanTensor
{
    private PlanTensor(Shape shape) => Shape = shape;

    public Shape Shape { get; }

    /// <summary>The memory; null for a constant.</summary>
    public PlanBuffer? Buffer { get; private init; }

    /// <summary>
    /// A parameter, a buffer of a module, or a tensor that does not depend on the input; null otherwise.
    /// </summary>
    public Tensor? Constant { get; private init; }

    public static PlanTensor In(PlanBuffer buffer, Shape shape) => new(shape) { Buffer = buffer };

    public static PlanTensor Of(Tensor constant) => new(constant.Shape) { Constant = constant };
}

/// <summary>Memory for a tensor between the step that computes it and the last one that reads it.</summary>
/// <param name="count">The floats.</param>
internal sealed class PlanBuffer(int count)
{
    public int Count { get; } = count;

    /// <summary>The step that writes it; −1 for the input.</summary>
    public int First { get; set; }

    /// <summary>The last step that reads it; the number of steps for the output.</summary>
    public int Last { get; set; }

    /// <summary>The first float in the arena.</summary>
    public long Offset { get; set; }
}

/// <summary>An op with the tensors that it reads and the one that it computes.</summary>
/// <param name="Op">As it was before it computed: each execution runs a copy of its own.</param>
/// <param name="Inputs">In the op's order.</param>
/// <param name="Output">The result.</param>
/// <param name="Layer">The path of the layer that has applied it.</param>
/// <param name="Name">The op's name, or those of several that are computed as one.</param>
internal sealed record PlanStep(Op Op, PlanTensor[] Inputs, PlanTensor Output, string Layer, string Name);
