namespace PyNetSharp.Kernels;

/// <summary>
/// A function of two numbers and its derivatives, from which <see cref="ElementwiseExtensions"/> makes an op that
/// broadcasts, with vector loops for the CPU, a kernel for GPUs and both gradients.
/// </summary>
/// <remarks>As for <see cref="IUnaryFormula"/>.</remarks>
public interface IBinaryFormula
{
    /// <summary>The function.</summary>
    T F<T>(T a, T b) where T : struct, IReal<T>;

    /// <summary>∂F/∂a</summary>
    T DA<T>(T a, T b) where T : struct, IReal<T>;

    /// <summary>∂F/∂b</summary>
    T DB<T>(T a, T b) where T : struct, IReal<T>;

    /// <summary>The function as operators of ONNX, which broadcast; null unless implemented, for none.</summary>
    /// <param name="graph">Takes the operators.</param>
    /// <param name="a">The first input.</param>
    /// <param name="b">The second.</param>
    OnnxValue? ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) => null;
}
