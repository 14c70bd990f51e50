using ILGPU;

namespace PyNetSharp;

internal sealed partial class ElementDropout
{
    partial void RunOnGpu(Tensor from, Tensor to) => to.Gpu.Each(to.Shape.Size, new DropoutKernel(mask, from.View, to.View));
}

internal readonly struct DropoutKernel(DropoutMask mask, ArrayView<float> x, ArrayView<float> y) : IItemKernel
{
    public void Run(int i) => y[i] = mask.Apply(x[i], i);
}
