using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>Network in Network for 224×224 images, with AlexNet's kernel sizes and without dropout.</summary>
/// <seealso href="https://arxiv.org/abs/1312.4400">Lin, Chen and Yan, 2014</seealso>
public sealed class NinNet : Sequential
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">Images [c, 224, 224].</param>
    /// <param name="rng">Draws the weights.</param>
    public NinNet(NetworkOptions options, Rng rng) : base(Layers(options, rng))
    {
    }

    /// <param name="x">[n, c, 224, 224]</param>
    /// <returns>[n, classes], not negative, because a ReLU follows the last convolution too.</returns>
    protected override Tensor Forward(Tensor x) => PoolingHead.ToLogits(base.Forward(x));

    private static (string, Module)[] Layers(NetworkOptions options, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (h96, h256, h384) = (options.ScaleWidth(96), options.ScaleWidth(256), options.ScaleWidth(384));
        return
        [
            ("conv", new Sequential(
                Block(options.Channels, h96, 11, stride: 4, padding: 2),
                new MaxPool2d(3, 2),
                Block(h96, h256, 5, stride: 1, padding: 2),
                new MaxPool2d(3, 2),
                Block(h256, h384, 3, stride: 1, padding: 1),
                new MaxPool2d(3, 2),
                Block(h384, options.Classes, 3, stride: 1, padding: 1))),
            ("gap", new AvgPool2d(6, 1)),
        ];

        Sequential Block(int inputs, int outputs, int kernel, int stride, int padding) =>
            new(Blocks.MlpConv(inputs, (outputs, outputs, outputs), kernel, rng, stride, padding));
    }
}
