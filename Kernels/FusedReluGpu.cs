using ILGPU;

namespace PyNetSharp;

internal static unsafe partial class FusedRelu
{
    static partial void MaskOnGpu(Tensor dy, Tensor y, Tensor masked) =>
        y.Gpu.Each(y.Shape.Size, new ReluGradientKernel(dy.View, y.View, masked.View));
}

/// <summary>masked = dy, or 0 where y ≤ 0; a NaN in y lets the gradient through.</summary>
internal readonly struct ReluGradientKernel(ArrayView<float> dy, ArrayView<float> y, ArrayView<float> masked) : IItemKernel
{
    public void Run(int i) => masked[i] = y[i] <= 0 ? 0 : dy[i];
}
