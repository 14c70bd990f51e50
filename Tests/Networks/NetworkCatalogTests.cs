using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class NetworkCatalogTests
{
    // Counted by PyTorch for the same networks and ten classes.
    [TestCase("nin", 966_986)]
    [TestCase("nin-net", 1_992_166)]
    [TestCase("nin-d2l", 1_992_166)]
    [TestCase("nin-bn", 968_394)]
    [TestCase("alexnet", 57_044_810)]
    [TestCase("alexnet-origin", 58_322_314)]
    [TestCase("alexnet-origin-nodrop", 58_322_314)]
    [TestCase("alexnet-dropall", 58_322_314)]
    [TestCase("lenet5", 61_706)]
    [TestCase("two-layer", 159_010)]
    [TestCase("three-layer", 178_110)]
    [TestCase("fcnet", 569_226)]
    public void A_network_has_as_many_parameters_as_PyTorchs(string name, int parameters)
    {
        var network = NetworkCatalog.Find(name);
        var model = network.Build(new(network.Input, 10), new(1));
        Assert.That(model.Parameters().Sum(p => p.Shape.Size), Is.EqualTo(parameters));
    }

    [Test]
    public void AlexNets_names_are_torchvisions() => Assert.That(
        new AlexNet(new([3, 227, 227], 1000) { WidthMultiplier = 0.1 }, new(1)).State().Select(s => s.Name),
        Is.EqualTo(new[]
        {
            "features.0.weight", "features.0.bias", "features.3.weight", "features.3.bias",
            "features.6.weight", "features.6.bias",
            "features.8.weight", "features.8.bias", "features.10.weight", "features.10.bias",
            "classifier.1.weight", "classifier.1.bias", "classifier.4.weight", "classifier.4.bias",
            "classifier.6.weight", "classifier.6.bias",
        }));

    [Test]
    public void Width_scales_hidden_channels_to_multiples_of_eight()
    {
        var model = new Nin(new([3, 32, 32], 10) { WidthMultiplier = 0.25 }, new(1));
        Assert.That(
            model.State()
                .Where(s => s.Name.EndsWith("weight", StringComparison.Ordinal))
                .Select(s => $"{s.Tensor.Shape}"),
            Is.EqualTo(new[]
            {
                "[48, 3, 5, 5]", "[40, 48, 1, 1]", "[24, 40, 1, 1]",
                "[48, 24, 5, 5]", "[48, 48, 1, 1]", "[48, 48, 1, 1]",
                "[48, 48, 3, 3]", "[48, 48, 1, 1]", "[10, 48, 1, 1]",
            }));
    }

    [TestCase(1, 6, ExpectedResult = 6, Description = "as published, also if no multiple of 8")]
    [TestCase(0.5, 6, ExpectedResult = 3)]
    [TestCase(0.01, 6, ExpectedResult = 1, Description = "at least one")]
    [TestCase(2, 6, ExpectedResult = 16, Description = "12, to a multiple of 8")]
    [TestCase(0.3, 96, ExpectedResult = 32, Description = "28.8, to a multiple of 8")]
    public int Widths_are_rounded(double width, int channels) =>
        new FullyConnected(new([1], 2) { WidthMultiplier = width }, new(1), [channels]).Parameters()[0].Shape[0];

    [Test]
    public void Dropout_is_the_networks_default_unless_set()
    {
        Assert.That(Rates(null), Is.EqualTo(new[] { 0.5f, 0.5f }));
        Assert.That(Rates(0.25f), Is.EqualTo(new[] { 0.25f, 0.25f }));

        static IEnumerable<float> Rates(float? dropout) =>
            new Nin(new([1, 32, 32], 10) { WidthMultiplier = 0.1, Dropout = dropout }, new(1)).Descendants()
                .Select(d => d.Module).OfType<Dropout2d>().Select(d => d.P);
    }

    [Test]
    public void AlexNets_differ_by_their_dropouts()
    {
        Assert.That(DropoutPaths("alexnet-origin-nodrop"), Is.Empty);
        Assert.That(DropoutPaths("alexnet-origin"), Is.EqualTo(new[] { "classifier.0", "classifier.3" }));
        Assert.That(
            DropoutPaths("alexnet-dropall"),
            Is.EqualTo(new[] { "features.12", "classifier.0", "classifier.3", "classifier.6" }));
        Assert.That(DropoutPaths("alexnet"), Is.EqualTo(new[] { "classifier.0", "classifier.3" }));

        static IEnumerable<string> DropoutPaths(string name) =>
            NetworkCatalog.Find(name).Build(new([3, 227, 227], 10) { WidthMultiplier = 0.1 }, new(1))
                .Generators().Select(g => g.Path);
    }

    [Test]
    public void The_head_of_nin_may_average_over_any_size()
    {
        var options = new NetworkOptions([1, 40, 24], 7) { WidthMultiplier = 0.1 };
        using var paused = GradMode.NoGrad();
        var y = new Nin(options, new(1), globalPooling: true, plainDropout: true).Forward(Tensor.Zeros([2, 1, 40, 24]));
        Assert.That(y.Shape.AsSpan().ToArray(), Is.EqualTo(new[] { 2, 7 }));
    }

    [Test]
    public void An_unknown_network_is_refused_by_name() => Assert.That(
        () => NetworkCatalog.Find("alexnett"),
        Throws.TypeOf<UnknownNameException>().With.Message
            .StartsWith("unknown model 'alexnett'. The models are nin, nin-net"));

    [TestCase("nin", 28, "gap: AvgPool2d")]
    [TestCase("nin-net", 32, "conv.")]
    [TestCase("alexnet", 32, "features.")]
    [TestCase("alexnet-origin", 224, "classifier.1: Linear")]
    [TestCase("lenet5", 20, "conv3: Conv2d")]
    public void An_input_that_does_not_fit_is_refused_by_name(string name, int size, string where)
    {
        var network = NetworkCatalog.Find(name);
        Assert.That(
            () => network.Create(new([network.Input[0], size, size], 10) { WidthMultiplier = 0.1 }, new(1)),
            Throws.TypeOf<InputException>().With.Message.StartsWith(
                $"{name}: made for items of shape {network.Input}, and cannot take")
                .And.Message.Contains(where));
    }

    [Test]
    public void A_larger_input_than_nins_is_refused_too() => Assert.That(
        () => NetworkCatalog.Find("nin").Create(new([3, 64, 64], 10) { WidthMultiplier = 0.1 }, new(1)),
        Throws.TypeOf<InputException>().With.Message.Contains("[1, 10, 2, 2]"));

    [Test]
    public void Every_default_recipe_builds_its_network()
    {
        foreach (var network in NetworkCatalog.All)
        {
            var recipe = network.Recipe;
            Assert.That(recipe.BatchSize, Is.Positive, network.Name);
            Assert.That(recipe.Resize ?? network.Input[1], Is.EqualTo(network.Input[1]), network.Name);
            Assert.That(network.Summary, Is.Not.Empty, network.Name);
        }
    }

    [Test]
    public void Head_initialization_gives_small_weights_and_a_positive_bias_in_the_last_convolution()
    {
        var network = NetworkCatalog.Find("nin");
        var (head, plain) = (Last(null), Last(Initialization.Kaiming));

        Assert.That(head.Weight.ToArray(), Is.EqualTo(plain.Weight.ToArray().Select(w => 0.3f * w)));
        Assert.That(head.Bias!.ToArray(), Is.All.EqualTo(1f));
        Assert.That(plain.Bias!.ToArray(), Is.All.Zero, "the user's choice is used without it");

        Conv2d Last(Initialization? chosen)
        {
            var model = (Sequential)network.Build(new([3, 32, 32], 10) { WidthMultiplier = 0.1 }, new(1));
            network.Recipe.Initialize(model, new(5), chosen);
            return (Conv2d)((Sequential)model["features3"])[4];
        }
    }
}
