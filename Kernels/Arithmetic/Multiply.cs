using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Elementwise multiplication.</summary>
public static class MultiplyExtensions
{
    extension(Tensor)
    {
        /// <summary>a·b, elementwise; shapes are broadcast as NumPy does. For matrices see <c>MatMul</c>.</summary>
        /// <param name="a">Any shape.</param>
        /// <param name="b">
        /// A shape that broadcasts with <paramref name="a"/>'s: [n, c, 1, 1] scales each channel of [n, c, h, w].
        /// </param>
        /// <returns>The common shape.</returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        public static Tensor operator *(Tensor a, Tensor b) => new MultiplyOp().Apply(a, b);
    }
}

internal sealed class MultiplyOp : Op
{
    private Tensor a = null!, b = null!;
    private BroadcastPlan? plan;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => Broadcast.Infer(Name, x[0].Shape, x[1].Shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        (a, b) = (x[0], x[1]);
        if (Needed(0)) Save(b);
        if (Needed(1)) Save(a);
        Broadcast.Run(default(Product), a, b, y, ref plan);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) => graph.Add("Mul", x);

    protected internal override Tensor?[] Backward(Tensor dy) =>
    [
        Needed(0) ? OperandGradient(dy, b, a.Shape) : null,
        Needed(1) ? OperandGradient(dy, a, b.Shape) : null,
    ];

    private static Tensor OperandGradient(Tensor dy, Tensor other, Shape operand)
    {
        var product = new Tensor(dy.Shape, dy.Device);
        Broadcast.Run(default(Product), dy, other, product);
        var dx = Broadcast.SumTo(product, operand);
        if (dx != product) product.Release();
        return dx;
    }

    internal readonly struct Product : IBinaryFormula
    {
        public T F<T>(T a, T b) where T : struct, IReal<T> => a * b;

        public T DA<T>(T a, T b) where T : struct, IReal<T> => b;

        public T DB<T>(T a, T b) where T : struct, IReal<T> => a;
    }
}
