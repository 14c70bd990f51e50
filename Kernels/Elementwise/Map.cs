using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

/// <summary>Applies a formula to every element.</summary>
internal sealed class Map<TMap> : Op where TMap : struct, IMap
{
    private const int Piece = 1 << 15;

    private Tensor saved = null!;

    internal override string Name => typeof(TMap).Name;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var from = x[0];
        saved = Save(TMap.UsesOutput ? y : from);
        if (y.IsOnCpu)
            y.Processor.ForPieces(y.Shape.Size, Piece, (start, n) =>
                MapLoops.Forward<TMap>(from.Span.Slice(start, n), y.Span.Slice(start, n)));
        else ForwardOnGpu(from, y);
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.Exclusive ? dy : new Tensor(dy.Shape, dy.Device);
        if (dx.IsOnCpu)
            dx.Processor.ForPieces(dx.Shape.Size, Piece, (start, n) =>
                MapLoops.Backward<TMap>(saved.Span.Slice(start, n), dy.Span.Slice(start, n), dx.Span.Slice(start, n)));
        else BackwardOnGpu(saved, dy, dx);
        return [dx];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.Each(y.Shape.Size, new MapKernel<TMap>(x.View, y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BackwardOnGpu(Tensor saved, Tensor dy, Tensor dx) =>
        dx.Gpu.Each(dx.Shape.Size, new MapGradientKernel<TMap>(saved.View, dy.View, dx.View));
}

/// <summary>y = F(x): the formula that the CPU's vectors compute.</summary>
internal readonly struct MapKernel<TMap>(ArrayView<float> x, ArrayView<float> y) : IItemKernel where TMap : struct, IMap
{
    public void Run(int i) => y[i] = TMap.F(new GpuFloat(x[i])).V;
}

/// <summary>dx = dy·D(saved).</summary>
internal readonly struct MapGradientKernel<TMap>(
    ArrayView<float> saved, ArrayView<float> dy, ArrayView<float> dx) : IItemKernel
    where TMap : struct, IMap
{
    public void Run(int i) => dx[i] = dy[i] * TMap.D(new GpuFloat(saved[i])).V;
}
