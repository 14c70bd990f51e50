using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>LeNet-5 with ReLU and max pooling instead of tanh and trainable subsampling.</summary>
/// <seealso href="https://doi.org/10.1109/5.726791">LeCun, Bottou, Bengio and Haffner, 1998</seealso>
public sealed class LeNet5 : Sequential
{
    /// <summary>Creates the network.</summary>
    /// <param name="options">Images [c, 32, 32].</param>
    /// <param name="rng">Draws the weights.</param>
    public LeNet5(NetworkOptions options, Rng rng) : base(Layers(options, rng))
    {
    }

    private static (string, Module)[] Layers(NetworkOptions options, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (c6, c16, c120) = (options.ScaleWidth(6), options.ScaleWidth(16), options.ScaleWidth(120));
        var h84 = options.ScaleWidth(84);
        return
        [
            ("conv1", new Conv2d(options.Channels, c6, 5, rng)), ("relu1", new ReLU()), ("pool1", new MaxPool2d(2)),
            ("conv2", new Conv2d(c6, c16, 5, rng)), ("relu2", new ReLU()), ("pool2", new MaxPool2d(2)),
            ("conv3", new Conv2d(c16, c120, 5, rng)), ("relu3", new ReLU()),
            ("flatten", new Flatten()),
            ("fc1", new Linear(c120, h84, rng)), ("relu4", new ReLU()),
            ("fc2", new Linear(h84, options.Classes, rng)),
        ];
    }
}
