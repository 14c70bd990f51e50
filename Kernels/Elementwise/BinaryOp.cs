using System.Runtime.CompilerServices;

namespace PyNetSharp.Kernels;

/// <summary>Applies a formula to pairs of elements of two tensors that are broadcast to one shape.</summary>
internal sealed class BinaryOp<TFormula>(TFormula formula) : Op where TFormula : struct, IBinaryFormula
{
    private static readonly string FormulaName = typeof(TFormula).Name.Split('`')[0];

    private Tensor a = null!, b = null!;
    private BroadcastPlan? plan;

    /// <inheritdoc/>
    public override string Name => FormulaName;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => Broadcast.Infer(Name, x[0].Shape, x[1].Shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        (a, b) = (Save(x[0]), Save(x[1]));
        Broadcast.Run(formula, a, b, y, ref plan);
    }

    protected internal override OnnxValue? ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        formula.ToOnnx(graph, x[0], x[1]);

    protected internal override Tensor?[] Backward(Tensor dy) =>
    [
        Needed(0) ? OperandGradient(new FirstGradient<TFormula>(formula), dy, a.Shape) : null,
        Needed(1) ? OperandGradient(new SecondGradient<TFormula>(formula), dy, b.Shape) : null,
    ];

    private Tensor OperandGradient<TGradient>(TGradient gradient, Tensor dy, Shape operand)
        where TGradient : struct, ITernaryFormula
    {
        var product = new Tensor(dy.Shape, dy.Device);
        Broadcast.Run(gradient, dy, a, b, product);
        var dx = Broadcast.SumTo(product, operand);
        if (dx != product) product.Release();
        return dx;
    }
}

/// <summary>d·∂F/∂a</summary>
internal readonly struct FirstGradient<TFormula>(TFormula formula) : ITernaryFormula
    where TFormula : struct, IBinaryFormula
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T F<T>(T d, T a, T b) where T : struct, IReal<T> => d * formula.DA(a, b);
}

/// <summary>d·∂F/∂b</summary>
internal readonly struct SecondGradient<TFormula>(TFormula formula) : ITernaryFormula
    where TFormula : struct, IBinaryFormula
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T F<T>(T d, T a, T b) where T : struct, IReal<T> => d * formula.DB(a, b);
}
