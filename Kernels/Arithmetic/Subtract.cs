using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Subtraction.</summary>
public static class SubtractExtensions
{
    extension(Tensor)
    {
        /// <summary>a − b, elementwise; shapes are broadcast as NumPy does.</summary>
        /// <param name="a">Any shape.</param>
        /// <param name="b">A shape that broadcasts with <paramref name="a"/>'s.</param>
        /// <returns>The common shape.</returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        public static Tensor operator -(Tensor a, Tensor b) => new SubtractOp().Apply(a, b);
    }
}

internal sealed class SubtractOp : Op
{
    private Shape a = null!, b = null!;
    private BroadcastPlan? plan;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => Broadcast.Infer(Name, a = x[0].Shape, b = x[1].Shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) =>
        Broadcast.Run(default(Difference), x[0], x[1], y, ref plan);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) => graph.Add("Sub", x);

    protected internal override Tensor?[] Backward(Tensor dy) =>
    [
        Needed(0) ? Broadcast.SumTo(dy, a) : null,
        Needed(1) ? Negate(Broadcast.SumTo(dy, b), dy) : null,
    ];

    /// <summary>−sum, in place unless it is <paramref name="dy"/>, which is the other operand's gradient.</summary>
    private static Tensor Negate(Tensor sum, Tensor dy)
    {
        var y = ReferenceEquals(sum, dy) ? new Tensor(dy.Shape, dy.Device) : sum;
        AffineOp.Run(sum, -1, 0, y);
        return y;
    }

    internal readonly struct Difference : IBinaryFormula
    {
        public T F<T>(T a, T b) where T : struct, IReal<T> => a - b;

        public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(1);

        public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(-1);
    }
}
