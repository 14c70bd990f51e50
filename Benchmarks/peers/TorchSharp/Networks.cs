using static TorchSharp.torch;
using Layer = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace PyNetSharp.Benchmarks;

/// <summary>The networks of the comparison, layer by layer as in <c>steps.py</c>.</summary>
internal static class Networks
{
    /// <summary>A network, and the shape of an image: channels, height and width.</summary>
    /// <exception cref="ArgumentException">There is no such network.</exception>
    public static (nn.Module<Tensor, Tensor> Network, long[] Image) Create(string name)
    {
        (Layer[] Layers, long[] Image) definition = name switch
        {
            "nin" => (Nin(), [3, 32, 32]),
            "nin-net" => (NinNet(), [1, 224, 224]),
            "nin-d2l" => (NinD2l(), [1, 224, 224]),
            "alexnet" => (AlexNet(), [3, 227, 227]),
            "alexnet-origin" => (AlexNetOrigin(), [3, 227, 227]),
            "lenet5" => (LeNet5(), [1, 32, 32]),
            _ => throw new ArgumentException($"There is no network '{name}' here."),
        };
        return (nn.Sequential(definition.Layers), definition.Image);
    }

    private static Layer[] Nin() =>
    [
        .. Conv(3, 192, 5, padding: 2), .. Conv(192, 160, 1), .. Conv(160, 96, 1), nn.MaxPool2d(2), nn.Dropout2d(0.5),
        .. Conv(96, 192, 5, padding: 2), .. Conv(192, 192, 1), .. Conv(192, 192, 1), nn.MaxPool2d(2), nn.Dropout2d(0.5),
        .. Conv(192, 192, 3, padding: 1), .. Conv(192, 192, 1), .. Conv(192, 10, 1), nn.AvgPool2d(8), nn.Flatten(),
    ];

    private static Layer[] NinNet() =>
    [
        .. Block(1, 96, 11, 4, 2), nn.MaxPool2d(3, 2), .. Block(96, 256, 5, 1, 2), nn.MaxPool2d(3, 2),
        .. Block(256, 384, 3, 1, 1), nn.MaxPool2d(3, 2), .. Block(384, 10, 3, 1, 1), nn.AvgPool2d(6), nn.Flatten(),
    ];

    private static Layer[] NinD2l() =>
    [
        .. Block(1, 96, 11, 4, 1), nn.MaxPool2d(3, 2), .. Block(96, 256, 5, 1, 2), nn.MaxPool2d(3, 2),
        .. Block(256, 384, 3, 1, 1), nn.MaxPool2d(3, 2), nn.Dropout(0.5), .. Block(384, 10, 3, 1, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    ];

    private static Layer[] AlexNet() =>
    [
        .. Conv(3, 64, 11, 4, 2), nn.MaxPool2d(3, 2), .. Conv(64, 192, 5, padding: 2), nn.MaxPool2d(3, 2),
        .. Conv(192, 384, 3, padding: 1), .. Conv(384, 256, 3, padding: 1), .. Conv(256, 256, 3, padding: 1),
        nn.MaxPool2d(3, 2), nn.AdaptiveAvgPool2d(6), .. Classifier(),
    ];

    private static Layer[] AlexNetOrigin() =>
    [
        .. Conv(3, 96, 11, 4), nn.MaxPool2d(3, 2), .. Conv(96, 256, 5, padding: 2), nn.MaxPool2d(3, 2),
        .. Conv(256, 384, 3, padding: 1), .. Conv(384, 384, 3, padding: 1), .. Conv(384, 256, 3, padding: 1),
        nn.MaxPool2d(3, 2), .. Classifier(),
    ];

    private static Layer[] LeNet5() =>
    [
        .. Conv(1, 6, 5), nn.MaxPool2d(2), .. Conv(6, 16, 5), nn.MaxPool2d(2), .. Conv(16, 120, 5), nn.Flatten(),
        nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    ];

    private static Layer[] Classifier() =>
    [
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(9216, 4096), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 10),
    ];

    private static Layer[] Block(int inputs, int outputs, int kernel, int stride, int padding) =>
        [.. Conv(inputs, outputs, kernel, stride, padding), .. Conv(outputs, outputs, 1), .. Conv(outputs, outputs, 1)];

    private static Layer[] Conv(int inputs, int outputs, int kernel, int stride = 1, int padding = 0) =>
        [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU()];
}
