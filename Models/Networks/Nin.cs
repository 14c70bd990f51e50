using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>Network in Network for 32×32 images, as its authors used it on CIFAR.</summary>
/// <remarks>
/// Three mlpconv blocks, and global average pooling instead of fully connected layers; 967,000 parameters for CIFAR-10.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/1312.4400">Lin, Chen and Yan, 2014</seealso>
public sealed class Nin : Sequential
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">
    /// Images [c, 32, 32]; other sizes need <paramref name="globalPooling"/>. Dropout 0.5 by default.
    /// </param>
    /// <param name="rng">Draws the weights and, later, the dropout masks.</param>
    /// <param name="globalPooling">Whether the head averages over images of any size instead of 8×8 pixels.</param>
    /// <param name="plainDropout">Whether individual elements are dropped instead of whole channels.</param>
    /// <param name="batchNorm">
    /// Whether each convolution but the last, which computes the scores, has no bias, and batch normalization before
    /// its ReLU. The paper's has not.
    /// </param>
    public Nin(
        NetworkOptions options, Rng rng, bool globalPooling = false, bool plainDropout = false, bool batchNorm = false)
        : base(Layers(options, rng, globalPooling, plainDropout, batchNorm))
    {
    }

    /// <param name="x">[n, c, 32, 32]</param>
    /// <returns>[n, classes], not negative, because a ReLU follows the last convolution too.</returns>
    protected override Tensor Forward(Tensor x) => PoolingHead.ToLogits(base.Forward(x));

    private static (string, Module)[] Layers(
        NetworkOptions options, Rng rng, bool globalPooling, bool plainDropout, bool batchNorm)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (h96, h160, h192) = (options.ScaleWidth(96), options.ScaleWidth(160), options.ScaleWidth(192));
        return
        [
            ("features1", new Sequential([.. Block(options.Channels, (h192, h160, h96), 5), new MaxPool2d(2), Drop()])),
            ("features2", new Sequential([.. Block(h96, (h192, h192, h192), 5), new MaxPool2d(2), Drop()])),
            ("features3", new Sequential(LastBlock(h192))),
            ("gap", globalPooling ? new GlobalAvgPool2d() : new AvgPool2d(8)),
        ];

        Module[] Block(int inputs, (int First, int Second, int Third) outputs, int kernel) =>
        [
            .. Conv(inputs, outputs.First, kernel), .. Conv(outputs.First, outputs.Second, 1),
            .. Conv(outputs.Second, outputs.Third, 1),
        ];

        Module[] LastBlock(int inputs) =>
        [
            .. Conv(inputs, h192, 3), .. Conv(h192, h192, 1), .. Blocks.ConvRelu(h192, options.Classes, 1, rng),
        ];

        Module[] Conv(int inputs, int outputs, int kernel) => batchNorm
            ? Blocks.ConvNormRelu(inputs, outputs, kernel, rng, padding: kernel / 2)
            : Blocks.ConvRelu(inputs, outputs, kernel, rng, padding: kernel / 2);

        Module Drop() => plainDropout
            ? new Dropout(rng.Split(), options.Dropout ?? 0.5f)
            : new Dropout2d(rng.Split(), options.Dropout ?? 0.5f);
    }
}
