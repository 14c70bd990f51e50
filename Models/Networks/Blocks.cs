using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>Sequences of layers that several networks use.</summary>
internal static class Blocks
{
    /// <summary>A convolution and its ReLU.</summary>
    public static Module[] ConvRelu(int inputs, int outputs, int kernel, Rng rng, int stride = 1, int padding = 0) =>
        [new Conv2d(inputs, outputs, kernel, rng, stride, padding), new ReLU()];

    /// <summary>
    /// A convolution without bias, which the normalization would subtract again, batch normalization and ReLU.
    /// </summary>
    public static Module[] ConvNormRelu(int inputs, int outputs, int kernel, Rng rng, int padding = 0) =>
    [
        new Conv2d(inputs, outputs, kernel, rng, padding: padding, bias: false), new BatchNorm2d(outputs), new ReLU(),
    ];

    /// <summary>
    /// Network in Network's mlpconv: a spatial convolution, then two 1×1 ones that act as a small perceptron at every
    /// pixel; each with a ReLU.
    /// </summary>
    /// <seealso href="https://arxiv.org/abs/1312.4400">Lin, Chen and Yan, 2014, §3.1</seealso>
    public static Module[] MlpConv(
        int inputs, (int First, int Second, int Third) outputs, int kernel, Rng rng, int stride = 1, int padding = 0) =>
    [
        .. ConvRelu(inputs, outputs.First, kernel, rng, stride, padding),
        .. ConvRelu(outputs.First, outputs.Second, 1, rng),
        .. ConvRelu(outputs.Second, outputs.Third, 1, rng),
    ];
}
