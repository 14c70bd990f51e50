namespace PyNetSharp.Layers;

/// <summary>Global average pooling: the mean of each channel over an image of any size.</summary>
/// <seealso href="https://arxiv.org/abs/1312.4400">Lin, Chen and Yan, 2014, §3.2</seealso>
public sealed class GlobalAvgPool2d : Module
{
    /// <param name="x">[n, c, h, w]</param>
    /// <returns>[n, c]</returns>
    /// <exception cref="ShapeException">The input is no batch of images.</exception>
    protected override Tensor Forward(Tensor x) => x.GlobalAvgPool2d();
}
