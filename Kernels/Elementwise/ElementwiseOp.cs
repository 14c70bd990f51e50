using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Applies a formula to every element.</summary>
internal sealed class ElementwiseOp<TMap> : Op where TMap : struct, IUnaryFormula
{
    private const int GrainSize = 1 << 15;      // floats that one thread takes at a time

    private Tensor saved = null!;

    internal override string Name => typeof(TMap).Name;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var from = x[0];
        saved = Save(TMap.UsesOutput ? y : from);
        if (y.IsOnCpu)
            y.Cpu.ForRanges(y.Shape.Size, GrainSize, (start, n) =>
                ElementwiseLoops.Forward<TMap>(from.Span.Slice(start, n), y.Span.Slice(start, n)));
        else ForwardOnGpu(from, y);
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.IsExclusive ? dy : new Tensor(dy.Shape, dy.Device);
        if (dx.IsOnCpu)
            dx.Cpu.ForRanges(dx.Shape.Size, GrainSize, (start, n) =>
                ElementwiseLoops.Backward<TMap>(
                    saved.Span.Slice(start, n), dy.Span.Slice(start, n), dx.Span.Slice(start, n)));
        else BackwardOnGpu(saved, dy, dx);
        return [dx];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.LaunchItems(y.Shape.Size, new ElementwiseKernel<TMap>(x.View, y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BackwardOnGpu(Tensor saved, Tensor dy, Tensor dx) =>
        dx.Gpu.LaunchItems(dx.Shape.Size, new ElementwiseGradientKernel<TMap>(saved.View, dy.View, dx.View));
}

/// <summary>y = F(x)</summary>
internal readonly struct ElementwiseKernel<TMap>(ArrayView<float> x, ArrayView<float> y) : IItemKernel
    where TMap : struct, IUnaryFormula
{
    public void Run(int i) => y[i] = TMap.F(new GpuFloat(x[i])).V;
}

/// <summary>dx = dy·D(saved).</summary>
internal readonly struct ElementwiseGradientKernel<TMap>(
    ArrayView<float> saved, ArrayView<float> dy, ArrayView<float> dx) : IItemKernel
    where TMap : struct, IUnaryFormula
{
    public void Run(int i) => dx[i] = dy[i] * TMap.D(new GpuFloat(saved[i])).V;
}
