using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>The positions of dropout in <see cref="AlexNetOriginal"/>.</summary>
public enum AlexNetDropout
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>Before the two hidden linear layers, as published.</summary>
    HiddenLayers,

    /// <summary>After the last convolution and before each of the three linear layers.</summary>
    All,
}

/// <summary>
/// AlexNet with the channels of its first publication, on one device and without local response normalization.
/// </summary>
/// <seealso href="https://papers.nips.cc/paper/4824">Krizhevsky, Sutskever and Hinton, 2012</seealso>
public sealed class AlexNetOriginal : Sequential
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">Images [c, 227, 227]. Dropout 0.5 by default.</param>
    /// <param name="rng">Draws the weights and, later, the dropout masks.</param>
    /// <param name="dropout">The positions of dropout.</param>
    public AlexNetOriginal(NetworkOptions options, Rng rng, AlexNetDropout dropout = AlexNetDropout.HiddenLayers)
        : base(Layers(options, rng, dropout))
    {
    }

    private static (string, Module)[] Layers(NetworkOptions options, Rng rng, AlexNetDropout dropout)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (c96, c256, c384) = (options.ScaleWidth(96), options.ScaleWidth(256), options.ScaleWidth(384));
        var hidden = options.ScaleWidth(4096);
        return
        [
            ("features", new Sequential(
            [
                .. Blocks.ConvRelu(options.Channels, c96, 11, rng, stride: 4),
                new MaxPool2d(3, 2),
                .. Blocks.ConvRelu(c96, c256, 5, rng, padding: 2),
                new MaxPool2d(3, 2),
                .. Blocks.ConvRelu(c256, c384, 3, rng, padding: 1),
                .. Blocks.ConvRelu(c384, c384, 3, rng, padding: 1),
                .. Blocks.ConvRelu(c384, c256, 3, rng, padding: 1),
                .. Drop(dropout == AlexNetDropout.All),
                new MaxPool2d(3, 2),
            ])),
            ("flatten", new Flatten()),
            ("classifier", new Sequential(
            [
                .. Drop(dropout != AlexNetDropout.None), new Linear(c256 * 6 * 6, hidden, rng), new ReLU(),
                .. Drop(dropout != AlexNetDropout.None), new Linear(hidden, hidden, rng), new ReLU(),
                .. Drop(dropout == AlexNetDropout.All), new Linear(hidden, options.Classes, rng),
            ])),
        ];

        Module[] Drop(bool enabled) => enabled ? [new Dropout(rng.Split(), options.Dropout ?? 0.5f)] : [];
    }
}
