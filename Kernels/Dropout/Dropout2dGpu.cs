using ILGPU;

namespace PyNetSharp;

internal sealed unsafe partial class ChannelDropout
{
    partial void RunOnGpu(Tensor from, Tensor to)
    {
        var (_, channels, height, width) = from.Shape;
        to.Gpu.Each(to.Shape.Size, new ChannelDropoutKernel(mask, from.View, channels, height * width, to.View));
    }
}

/// <summary>y = x·factor of the image and channel; x is stored [images, pixels, channels].</summary>
internal readonly struct ChannelDropoutKernel(DropoutMask mask, ArrayView<float> x, int channels, int pixels, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var pixel = i / channels;
        y[i] = x[i] * mask.Apply(1, pixel / pixels * channels + i - pixel * channels);
    }
}
