namespace PyNetSharp;

/// <summary>
/// What a module has computed from one batch, as operators of ONNX. Each op adds its own (<see cref="Op.ToOnnx"/>).
/// </summary>
/// <remarks>
/// A trace: it has the ops that ran, with the extents of this batch. What depends on the batch's size, or on values
/// that no op has carried, shows when two traces are compared; the package PyNetSharp.Onnx does that and writes files.
/// </remarks>
/// <seealso href="https://onnx.ai/onnx/operators/">The operators</seealso>
public sealed class OnnxGraph
{
    /// <summary>The version of the operators.</summary>
    public const int OpsetVersion = 17;

    /// <summary>The types of elements that the attribute "to" of the operator Cast names.</summary>
    internal const int Float32 = 1, Int64 = 7, Boolean = 9;

    private readonly List<OnnxNode> nodes = [];
    private readonly Func<Tensor, OnnxValue> find;

    internal OnnxGraph(Shape input, Func<Tensor, OnnxValue> find) => (Input, this.find) = (new(input), find);

    /// <summary>The module's input.</summary>
    public OnnxInput Input { get; }

    /// <summary>The operators, each after those that compute its inputs.</summary>
    public IReadOnlyList<OnnxNode> Nodes => nodes;

    /// <summary>The module's output.</summary>
    public OnnxValue Output { get; internal set; } = OnnxValue.None;

    /// <summary>The extents of the output.</summary>
    public Shape OutputShape { get; internal set; } = [];

    /// <summary>The layer and the op whose operators are added.</summary>
    internal (string Path, string Op) Origin { get; set; } = ("", "");

    /// <summary>Runs a module in evaluation mode and lists what it computes.</summary>
    /// <param name="model">A module of one tensor. Its forward hooks are called as always.</param>
    /// <param name="x">A batch, on the module's device; the first extent is the batch's.</param>
    /// <exception cref="NotSupportedException">
    /// An op has no counterpart in ONNX; the message names it and the path of its layer.
    /// </exception>
    /// <exception cref="ShapeException">The input does not fit.</exception>
    public static OnnxGraph Trace(Module model, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(x);
        return OnnxTracer.Run(model, x);
    }

    /// <summary>Adds an operator of one result.</summary>
    /// <param name="name">Its name in the standard.</param>
    /// <param name="inputs">
    /// In the standard's order; <see cref="OnnxValue.None"/> for an optional one that is left out before another.
    /// </param>
    /// <param name="attributes">Each an int, a float, a string or an array of ints.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException">An attribute has another type.</exception>
    public OnnxValue Add(
        string name, ReadOnlySpan<OnnxValue> inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        foreach (var (attribute, value) in attributes)
            if (value is not (int or float or string or int[]))
                throw new ArgumentException(
                    $"{name}: the attribute {attribute} is a {value?.GetType().Name ?? "null"}; expected an int, a " +
                    "float, a string or an array of ints.",
                    nameof(attributes));
        OnnxNode node = new(Origin.Path, Origin.Op, name, inputs.ToArray(), attributes.ToArray());
        nodes.Add(node);
        return node;
    }

    /// <summary>A tensor that the op knows beside its inputs: a parameter, a buffer, or a constant.</summary>
    public OnnxValue Of(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return find(tensor);
    }

    /// <summary>The operator Reshape, to extents that an op has seen; its batch may become another.</summary>
    internal OnnxValue Reshape(OnnxValue x, ReadOnlySpan<int> extents) => extents.Contains(0)
        ? throw new NotSupportedException($"a reshape to [{string.Join(", ", extents.ToArray())}] is empty.")
        : Add("Reshape", [x, OnnxValue.Integers(extents)]);

    /// <summary>The operator Cast.</summary>
    internal OnnxValue Cast(OnnxValue x, int to) => Add("Cast", [x], ("to", to));
}
