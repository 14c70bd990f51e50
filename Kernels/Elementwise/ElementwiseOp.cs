using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Applies a formula to every element.</summary>
/// <param name="formula">The formula with its parameters.</param>
/// <param name="name">What the caller has called, where the formula's own name is another.</param>
internal sealed class ElementwiseOp<TFormula>(TFormula formula, string? name = null) : Op
    where TFormula : struct, IUnaryFormula
{
    private const int GrainSize = 1 << 15;      // floats that one thread takes at a time

    private static readonly string FormulaName = typeof(TFormula).Name.Split('`')[0];

    private Tensor saved = null!;

    /// <inheritdoc/>
    public override string Name => name ?? FormulaName;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var from = x[0];
        saved = Save(TFormula.UsesOutput ? y : from);
        if (y.IsOnCpu)
            y.Cpu.ForRanges(y.Shape.Size, GrainSize, new ForwardBody(formula, from, y));
        else ForwardOnGpu(from, y);
    }

    protected internal override OnnxValue? ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        formula.ToOnnx(graph, x[0]);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.IsExclusive ? dy : new Tensor(dy.Shape, dy.Device);
        if (dx.IsOnCpu)
            dx.Cpu.ForRanges(dx.Shape.Size, GrainSize, new BackwardBody(formula, saved, dy, dx));
        else BackwardOnGpu(saved, dy, dx);
        return [dx];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForwardOnGpu(Tensor x, Tensor y)
    {
        if (FormulaParameters<TFormula>.AreNone) Launch(new StatelessUnary<TFormula>(0));
        else Launch(formula);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Launch<T>(T argument) where T : struct, IUnaryFormula =>
            y.Gpu.LaunchItems(y.Shape.Size, new ElementwiseKernel<T>(argument, x.View, y.View));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor saved, Tensor dy, Tensor dx)
    {
        if (FormulaParameters<TFormula>.AreNone) Launch(new StatelessUnary<TFormula>(0));
        else Launch(formula);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Launch<T>(T argument) where T : struct, IUnaryFormula => dx.Gpu.LaunchItems(
            dx.Shape.Size, new ElementwiseGradientKernel<T>(argument, saved.View, dy.View, dx.View));
    }

    private readonly struct ForwardBody(TFormula formula, Tensor x, Tensor y) : IRangeBody
    {
        public void Run(int start, int n) =>
            ElementwiseLoops.Forward(formula, x.Span.Slice(start, n), y.Span.Slice(start, n));
    }

    private readonly struct BackwardBody(TFormula formula, Tensor saved, Tensor dy, Tensor dx) : IRangeBody
    {
        public void Run(int start, int n) => ElementwiseLoops.Backward(
            formula, saved.Span.Slice(start, n), dy.Span.Slice(start, n), dx.Span.Slice(start, n));
    }
}

/// <summary>y = F(x)</summary>
internal readonly struct ElementwiseKernel<TFormula>(TFormula formula, ArrayView<float> x, ArrayView<float> y)
    : IItemKernel
    where TFormula : struct, IUnaryFormula
{
    public void Run(int i) => y[i] = formula.F(new GpuFloat(x[i])).V;
}

/// <summary>dx = dy·D(saved).</summary>
internal readonly struct ElementwiseGradientKernel<TFormula>(
    TFormula formula, ArrayView<float> saved, ArrayView<float> dy, ArrayView<float> dx) : IItemKernel
    where TFormula : struct, IUnaryFormula
{
    public void Run(int i) => dx[i] = dy[i] * formula.D(new GpuFloat(saved[i])).V;
}
