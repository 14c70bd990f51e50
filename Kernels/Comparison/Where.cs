using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Selection by a condition.</summary>
public static class WhereExtensions
{
    extension(Tensor condition)
    {
        /// <summary>a where this tensor is not 0, elsewhere b; elementwise, shapes are broadcast.</summary>
        /// <param name="a">Taken where the condition is not 0 (NaN counts as true, as in PyTorch).</param>
        /// <param name="b">Taken where the condition is 0.</param>
        /// <returns>The common shape of all three.</returns>
        /// <exception cref="ShapeException">Two aligned extents differ and neither is 1.</exception>
        /// <remarks>
        /// The gradient goes to a where a was taken and to b elsewhere; the condition gets none. What was not taken may
        /// be NaN or infinite.
        /// </remarks>
        public Tensor Where(Tensor a, Tensor b)
        {
            ArgumentNullException.ThrowIfNull(a);
            ArgumentNullException.ThrowIfNull(b);
            return new WhereOp().Apply(condition, a, b);
        }

        /// <summary>a where this tensor is not 0, elsewhere the number <paramref name="b"/>.</summary>
        /// <inheritdoc cref="Where(Tensor, Tensor, Tensor)"/>
        public Tensor Where(Tensor a, float b) => condition.Where(a, Tensor.Full([], b, condition.Device));

        /// <summary>The number <paramref name="a"/> where this tensor is not 0, elsewhere b.</summary>
        /// <inheritdoc cref="Where(Tensor, Tensor, Tensor)"/>
        public Tensor Where(float a, Tensor b) => condition.Where(Tensor.Full([], a, condition.Device), b);
    }
}

internal sealed class WhereOp : Op
{
    private Tensor condition = null!;
    private Shape a = null!, b = null!;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        try
        {
            return Broadcast.Infer(Name, x[0].Shape, Broadcast.Infer(Name, a = x[1].Shape, b = x[2].Shape));
        }
        catch (ShapeException)
        {
            throw new ShapeException(
                $"{Name}: a condition {x[0].Shape}, {x[1].Shape} and {x[2].Shape} cannot be broadcast; two aligned " +
                "extents differ and neither is 1.");
        }
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        condition = Save(x[0]);
        using var expanded = new TemporaryTensor(Broadcast.Expand(condition, y.Shape), borrowed: condition);
        Broadcast.Run(default(Selection), expanded, x[1], x[2], y);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add("Where", [graph.Cast(x[0], OnnxGraph.Boolean), x[1], x[2]]);

    protected internal override Tensor?[] Backward(Tensor dy) =>
    [
        null,
        Needed(1) ? Gradient(default(IfTrue), dy, a) : null,
        Needed(2) ? Gradient(default(IfFalse), dy, b) : null,
    ];

    private Tensor Gradient<TFormula>(TFormula formula, Tensor dy, Shape operand)
        where TFormula : struct, IBinaryFormula
    {
        var masked = new Tensor(dy.Shape, dy.Device);
        Broadcast.Run(formula, dy, condition, masked);
        var dx = Broadcast.SumTo(masked, operand);
        if (dx != masked) masked.Release();
        return dx;
    }

    internal readonly struct Selection : ITernaryFormula
    {
        public T F<T>(T d, T a, T b) where T : struct, IReal<T> => T.SelectEqual(d, T.Create(0), b, a);
    }

    /// <summary>The gradient where the condition holds.</summary>
    internal readonly struct IfTrue : IBinaryFormula
    {
        public T F<T>(T a, T b) where T : struct, IReal<T> => T.SelectEqual(b, T.Create(0), T.Create(0), a);

        public T DA<T>(T a, T b) where T : struct, IReal<T> => T.SelectEqual(b, T.Create(0), T.Create(0), T.Create(1));

        public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);
    }

    /// <summary>The gradient where the condition does not hold.</summary>
    internal readonly struct IfFalse : IBinaryFormula
    {
        public T F<T>(T a, T b) where T : struct, IReal<T> => T.SelectEqual(b, T.Create(0), a, T.Create(0));

        public T DA<T>(T a, T b) where T : struct, IReal<T> => T.SelectEqual(b, T.Create(0), T.Create(1), T.Create(0));

        public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);
    }
}
