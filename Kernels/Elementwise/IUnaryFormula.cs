namespace PyNetSharp.Kernels;

/// <summary>
/// A function of one number and its derivative, from which <see cref="ElementwiseExtensions"/> makes an op with vector
/// loops for the CPU, a kernel for GPUs and the gradient.
/// </summary>
/// <remarks>
/// A readonly struct whose fields are the function's parameters, of type float or int; GPUs get the fields as arguments
/// of the kernel. Both methods are written over <see cref="IReal{T}"/>: they must not branch on values, create objects
/// or throw. Mark what they call with <c>[MethodImpl(MethodImplOptions.AggressiveInlining)]</c>: otherwise the JIT
/// may call it once per vector.
/// </remarks>
/// <example>
/// <code>
/// readonly struct Square : IUnaryFormula
/// {
///     public T F&lt;T&gt;(T x) where T : struct, IReal&lt;T&gt; => x * x;
///
///     public T D&lt;T&gt;(T x) where T : struct, IReal&lt;T&gt; => x + x;
/// }
///
/// var y = x.Elementwise(new Square());
/// </code>
/// </example>
public interface IUnaryFormula
{
    /// <summary>
    /// Whether <see cref="D{T}"/> takes F(x) instead of x: then the op saves its result, not its input. False unless
    /// implemented.
    /// </summary>
    static virtual bool UsesOutput => false;

    /// <summary>The function.</summary>
    T F<T>(T x) where T : struct, IReal<T>;

    /// <summary>Its derivative F′, as a function of x or of F(x), as <see cref="UsesOutput"/> says.</summary>
    T D<T>(T x) where T : struct, IReal<T>;

    /// <summary>
    /// The function as operators of ONNX; null unless implemented, for none. See <see cref="Op.ToOnnx"/>.
    /// </summary>
    /// <param name="graph">Takes the operators.</param>
    /// <param name="x">The input.</param>
    OnnxValue? ToOnnx(OnnxGraph graph, OnnxValue x) => null;
}
