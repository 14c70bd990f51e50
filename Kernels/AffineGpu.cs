using ILGPU;

namespace PyNetSharp;

internal sealed partial class Affine
{
    static partial void RunOnGpu(Tensor x, float scale, float shift, Tensor y) =>
        y.Gpu.Each(y.Shape.Size, new AffineKernel(x.View, scale, shift, y.View));
}

internal readonly struct AffineKernel(ArrayView<float> x, float scale, float shift, ArrayView<float> y) : IItemKernel
{
    public void Run(int i) => y[i] = x[i] * scale + shift;
}
