using ILGPU;

namespace PyNetSharp;

internal sealed partial class Map<TMap>
{
    static partial void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.Each(y.Shape.Size, new MapKernel<TMap>(x.View, y.View));

    static partial void BackwardOnGpu(Tensor saved, Tensor dy, Tensor dx) =>
        dx.Gpu.Each(dx.Shape.Size, new MapGradientKernel<TMap>(saved.View, dy.View, dx.View));
}

/// <summary>y = F(x): the formula that the CPU's vectors compute.</summary>
internal readonly struct MapKernel<TMap>(ArrayView<float> x, ArrayView<float> y) : IItemKernel where TMap : struct, IMap
{
    public void Run(int i) => y[i] = TMap.F(new GpuFloat(x[i])).V;
}

/// <summary>dx = dy·D(saved).</summary>
internal readonly struct MapGradientKernel<TMap>(ArrayView<float> saved, ArrayView<float> dy, ArrayView<float> dx) : IItemKernel
    where TMap : struct, IMap
{
    public void Run(int i) => dx[i] = dy[i] * TMap.D(new GpuFloat(saved[i])).V;
}
