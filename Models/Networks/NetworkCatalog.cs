using PyNetSharp.Layers;
using PyNetSharp.Training;

namespace PyNetSharp.Models;

/// <summary>All networks by name, each with its default training.</summary>
public static class NetworkCatalog
{
    private static readonly Recipe AlexNetRecipe = new()
    {
        Data = "cifar10", Resize = 227, BatchSize = 256, LearningRate = 0.01f, Epochs = 300, EvaluateEvery = 20,
        // With PyTorch's default the loss hardly falls for many epochs, with Kaiming it diverges.
        Initialization = Initialization.Xavier,
    };

    private static readonly Recipe MnistRecipe = new() { Data = "mnist", LearningRate = 0.05f, Epochs = 10 };

    /// <summary>All networks.</summary>
    public static IReadOnlyList<NetworkDefinition> All { get; } =
    [
        new("nin", "Network in Network for 32×32 images", [3, 32, 32],
            new()
            {
                Data = "cifar10", Resize = 32, LearningRate = 0.01f, Epochs = 100, EvaluateEvery = 20,
                Initialization = Initialization.Kaiming, InitializesHead = true,
            },
            (options, rng) => new Nin(options, rng)) { Head = "features3.4" },
        new("nin-net", "Network in Network for 224×224 images", [1, 224, 224],
            new()
            {
                Data = "fashion-mnist", Resize = 224, BatchSize = 16, Optimizer = OptimizerKind.Adam,
                LearningRate = 0.001f, Epochs = 3, LogEvery = 100, SaveEvery = 1000,
                // Published without either, with which one seed of four died within a hundred steps and another had
                // learned nothing after 140: PyTorch's default is small for twelve ReLUs, Adam's first steps large.
                Initialization = Initialization.Kaiming, InitializesHead = true,
                Schedule = new WarmupPercentSchedule(1, new ConstantSchedule()),
            },
            (options, rng) => new NinNet(options, rng)) { Head = "conv.6", HasDropout = false },
        new("nin-d2l", "Network in Network of the textbook Dive into Deep Learning", [1, 224, 224],
            new()
            {
                // The textbook has Xavier and a rate of 0.1, which begin slowly: 16 % of the first epoch's images are
                // right. Over Kaiming's larger features 0.1 ends the outputs of most classes within some steps.
                Data = "fashion-mnist", Resize = 224, LearningRate = 0.01f, Momentum = 0, Nesterov = false,
                Epochs = 10, Initialization = Initialization.Kaiming, InitializesHead = true,
            },
            (options, rng) => new NinD2l(options, rng)) { Head = "7" },
        new("nin-bn", "nin with batch normalization before each ReLU", [3, 32, 32],
            new()
            {
                Data = "cifar10", Resize = 32, LearningRate = 0.1f, WeightDecay = 5e-4f, Dropout = 0,
                Schedule = new CosinePercentSchedule(10), Epochs = 10,
                Initialization = Initialization.Kaiming, InitializesHead = true,
            },
            (options, rng) => new Nin(options, rng, batchNorm: true)) { Head = "features3.6" },
        new("alexnet", "AlexNet as torchvision builds it", [3, 227, 227], AlexNetRecipe,
            (options, rng) => new AlexNet(options, rng)) { Head = "classifier.6" },
        new("alexnet-origin", "AlexNet with its first publication's channels", [3, 227, 227], AlexNetRecipe,
            (options, rng) => new AlexNetOriginal(options, rng)) { Head = "classifier.6" },
        new("alexnet-origin-nodrop", "the same without dropout", [3, 227, 227], AlexNetRecipe,
            (options, rng) => new AlexNetOriginal(options, rng, AlexNetDropout.None))
            { Head = "classifier.4", HasDropout = false },
        new("alexnet-dropall", "the same with dropout before every linear layer", [3, 227, 227], AlexNetRecipe,
            (options, rng) => new AlexNetOriginal(options, rng, AlexNetDropout.All)) { Head = "classifier.7" },
        new("lenet5", "LeNet-5 with ReLU and max pooling", [1, 32, 32],
            new() { Data = "fashion-mnist", Resize = 32, LearningRate = 0.05f, Epochs = 5 },
            (options, rng) => new LeNet5(options, rng)) { Head = "fc2", HasDropout = false },
        new("two-layer", "one hidden layer of 200", [1, 28, 28], MnistRecipe,
            (options, rng) => new FullyConnected(options, rng, [200])) { Head = "fc2", HasDropout = false },
        new("three-layer", "hidden layers of 200 and 100", [1, 28, 28], MnistRecipe,
            (options, rng) => new FullyConnected(options, rng, [200, 100])) { Head = "fc3", HasDropout = false },
        new("fcnet", "hidden layers of 512, 256 and 128 with batch normalization", [1, 28, 28], MnistRecipe,
            (options, rng) => new FullyConnected(options, rng, [512, 256, 128], batchNorm: true)) { Head = "fc4" },
    ];

    /// <summary>
    /// The default training: a small <c>nin</c> on the generated set <c>shapes</c>, about a minute.
    /// </summary>
    /// <remarks>The network is too small for dropout, and the set so small that it needs small batches.</remarks>
    public static Recipe QuickStart { get; } = new()
    {
        Data = "shapes", WidthMultiplier = 0.25, Dropout = 0, BatchSize = 32,
        Optimizer = OptimizerKind.Adam, LearningRate = 0.002f, Schedule = new CosinePercentSchedule(20), Epochs = 5,
        Initialization = Initialization.Kaiming, InitializesHead = true,
    };

    /// <summary>The network of this name.</summary>
    /// <exception cref="UnknownNameException">There is none.</exception>
    public static NetworkDefinition Find(string name) =>
        All.FirstOrDefault(network => network.Name == name)
        ?? throw new UnknownNameException("model", name, [.. All.Select(network => network.Name)]);
}
