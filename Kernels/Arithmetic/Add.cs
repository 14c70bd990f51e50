using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Addition.</summary>
public static class AddExtensions
{
    extension(Tensor)
    {
        /// <summary>
        /// a + b, elementwise; shapes are broadcast as NumPy does: aligned at the last axis, extents of 1 repeat.
        /// </summary>
        /// <param name="a">Any shape.</param>
        /// <param name="b">
        /// A shape that broadcasts with <paramref name="a"/>'s: [c, 1, 1] adds to every pixel of [n, c, h, w].
        /// </param>
        /// <returns>The common shape.</returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        public static Tensor operator +(Tensor a, Tensor b) => new AddOp().Apply(a, b);
    }
}

internal sealed class AddOp : Op
{
    private Shape a = null!, b = null!;
    private BroadcastPlan? plan;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => Broadcast.Infer(Name, a = x[0].Shape, b = x[1].Shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) =>
        Broadcast.Run(default(Sum), x[0], x[1], y, ref plan);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) => graph.Add("Add", x);

    protected internal override Tensor?[] Backward(Tensor dy) =>
    [
        Needed(0) ? Broadcast.SumTo(dy, a) : null,
        Needed(1) ? Broadcast.SumTo(dy, b) : null,
    ];

    internal readonly struct Sum : IBinaryFormula
    {
        public T F<T>(T a, T b) where T : struct, IReal<T> => a + b;

        public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(1);

        public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(1);
    }
}
