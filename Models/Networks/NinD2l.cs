using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>Network in Network as the textbook <em>Dive into Deep Learning</em> builds it.</summary>
/// <seealso href="https://d2l.ai/chapter_convolutional-modern/nin.html">
/// Zhang et al., Dive into Deep Learning, §8.3
/// </seealso>
public sealed class NinD2l : Sequential
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">Images [c, 224, 224]. Dropout 0.5 by default.</param>
    /// <param name="rng">Draws the weights and, later, the dropout masks.</param>
    public NinD2l(NetworkOptions options, Rng rng) : base(Layers(options, rng))
    {
    }

    private static Module[] Layers(NetworkOptions options, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (h96, h256, h384) = (options.ScaleWidth(96), options.ScaleWidth(256), options.ScaleWidth(384));
        return
        [
            Block(options.Channels, h96, 11, stride: 4, padding: 1),
            new MaxPool2d(3, 2),
            Block(h96, h256, 5, stride: 1, padding: 2),
            new MaxPool2d(3, 2),
            Block(h256, h384, 3, stride: 1, padding: 1),
            new MaxPool2d(3, 2),
            new Dropout(rng.Split(), options.Dropout ?? 0.5f),
            Block(h384, options.Classes, 3, stride: 1, padding: 1),
            new AdaptiveAvgPool2d(1),
            new Flatten(),
        ];

        Sequential Block(int inputs, int outputs, int kernel, int stride, int padding) =>
            new(Blocks.MlpConv(inputs, (outputs, outputs, outputs), kernel, rng, stride, padding));
    }
}
