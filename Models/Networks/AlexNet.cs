using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>
/// AlexNet as torchvision builds it, with torchvision's parameter names: its weights load unchanged.
/// </summary>
/// <seealso href="https://arxiv.org/abs/1404.5997">Krizhevsky, One weird trick, 2014</seealso>
public sealed class AlexNet : Sequential
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">Images [c, h, w] of at least 63×63; 227×227 by default. Dropout 0.5 by default.</param>
    /// <param name="rng">Draws the weights and, later, the dropout masks.</param>
    public AlexNet(NetworkOptions options, Rng rng) : base(Layers(options, rng))
    {
    }

    private static (string, Module)[] Layers(NetworkOptions options, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (c1, c2) = (options.ScaleWidth(64), options.ScaleWidth(192));
        var (c3, c4) = (options.ScaleWidth(384), options.ScaleWidth(256));
        var hidden = options.ScaleWidth(4096);
        return
        [
            ("features", new Sequential(
            [
                .. Blocks.ConvRelu(options.Channels, c1, 11, rng, stride: 4, padding: 2),
                new MaxPool2d(3, 2),
                .. Blocks.ConvRelu(c1, c2, 5, rng, padding: 2),
                new MaxPool2d(3, 2),
                .. Blocks.ConvRelu(c2, c3, 3, rng, padding: 1),
                .. Blocks.ConvRelu(c3, c4, 3, rng, padding: 1),
                .. Blocks.ConvRelu(c4, c4, 3, rng, padding: 1),
                new MaxPool2d(3, 2),
            ])),
            ("avgpool", new AdaptiveAvgPool2d(6)),
            ("flatten", new Flatten()),
            ("classifier", new Sequential(
                Drop(), new Linear(c4 * 6 * 6, hidden, rng), new ReLU(),
                Drop(), new Linear(hidden, hidden, rng), new ReLU(),
                new Linear(hidden, options.Classes, rng))),
        ];

        Dropout Drop() => new(rng.Split(), options.Dropout ?? 0.5f);
    }
}
