namespace PyNetSharp;

/// <summary>An input of an operator in an <see cref="OnnxGraph"/>.</summary>
public abstract class OnnxValue
{
    private protected OnnxValue()
    {
    }

    /// <summary>In the place of an optional input that is not given.</summary>
    public static OnnxValue None { get; } = new OnnxNone();

    /// <summary>A number, a tensor of shape [].</summary>
    public static OnnxValue Constant(float value) => new OnnxTensor([], [value]);

    /// <summary>Numbers in row-major order.</summary>
    /// <exception cref="ShapeException">There are not as many as the shape has elements.</exception>
    public static OnnxValue Constant(Shape shape, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return shape.Size == values.Length
            ? new OnnxTensor(shape, values)
            : throw new ShapeException($"Constant: {values.Length} numbers for a tensor of shape {shape}.");
    }

    /// <summary>A vector of whole numbers.</summary>
    public static OnnxValue Integers(params ReadOnlySpan<int> values) =>
        new OnnxIntegers([values.Length], values.ToArray());

    /// <summary>Whole numbers in row-major order.</summary>
    internal static OnnxValue Integers(Shape shape, int[] values) => new OnnxIntegers(shape, values);

    /// <summary>A whole number, a tensor of shape [].</summary>
    public static OnnxValue Index(int value) => new OnnxIntegers([], [value]);

    private sealed class OnnxNone : OnnxValue;
}

/// <summary>The module's input.</summary>
public sealed class OnnxInput : OnnxValue
{
    internal OnnxInput(Shape shape) => Shape = shape;

    /// <summary>The traced batch's extents.</summary>
    public Shape Shape { get; }
}

/// <summary>Numbers: a parameter or a buffer of the module, or a constant.</summary>
public sealed class OnnxTensor : OnnxValue
{
    private readonly Tensor? state;
    private readonly float[] constant = [];

    internal OnnxTensor(string name, Tensor state) => (Name, Shape, this.state) = (name, state.Shape, state);

    internal OnnxTensor(Shape shape, ReadOnlySpan<float> constant) =>
        (Shape, this.constant) = (shape, constant.ToArray());

    /// <summary>The path of the parameter or buffer, the first if it has several; null for a constant.</summary>
    public string? Name { get; }

    /// <summary>The extents.</summary>
    public Shape Shape { get; }

    /// <summary>Copies the numbers in logical order: [n, c, h, w] for rank 4.</summary>
    /// <returns>A new array.</returns>
    public float[] ToArray() => state?.ToArray() ?? [.. constant];
}

/// <summary>Whole numbers, int64 in the file: a shape, axes, indices.</summary>
public sealed class OnnxIntegers : OnnxValue
{
    internal OnnxIntegers(Shape shape, int[] values) => (Shape, Values) = (shape, values);

    /// <summary>[] or [n], or any other shape of indices.</summary>
    public Shape Shape { get; }

    /// <summary>The numbers, row-major.</summary>
    public IReadOnlyList<int> Values { get; }
}

/// <summary>An operator with its inputs, and its result as the input of others.</summary>
public sealed class OnnxNode : OnnxValue
{
    internal OnnxNode(
        string path, string op, string name, OnnxValue[] inputs, (string Name, object Value)[] attributes) =>
        (Path, Op, Operator, Inputs, Attributes) = (path, op, name, inputs, attributes);

    /// <summary>The path of the layer that has applied the op; empty for the model itself.</summary>
    public string Path { get; }

    /// <summary>The name of the op that the operator is for: <see cref="PyNetSharp.Op.Name"/>.</summary>
    public string Op { get; }

    /// <summary>The operator's name in the standard: "Conv".</summary>
    public string Operator { get; }

    /// <summary>The inputs in the standard's order.</summary>
    public IReadOnlyList<OnnxValue> Inputs { get; }

    /// <summary>The attributes, each an int, a float, a string or an array of ints.</summary>
    public IReadOnlyList<(string Name, object Value)> Attributes { get; }
}
