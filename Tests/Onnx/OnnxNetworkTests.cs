using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Every network of the catalog in ONNX Runtime.</summary>
public sealed class OnnxNetworkTests
{
    private static IEnumerable<TestCaseData> Networks() =>
        from network in NetworkCatalog.All
        let isSmall = network.Input.Size <= 3 * 32 * 32
        from width in (double[])(isSmall ? [0.25, 1] : [1 / 16.0])
        select new TestCaseData(network.Name, width).SetArgDisplayNames(network.Name, $"{width}");

    private static IEnumerable<string> LargeNetworks() =>
        from network in NetworkCatalog.All where network.Input.Size > 3 * 32 * 32 select network.Name;

    [TestCaseSource(nameof(LargeNetworks)), Explicit("Seconds each, and 1 GB.")]
    public void A_large_network_agrees_at_full_width(string name) => A_network_agrees(name, 1);

    [TestCaseSource(nameof(Networks))]
    public void A_network_agrees(string name, double width)
    {
        var network = NetworkCatalog.Find(name);
        var rng = new Rng(3);
        var model = network.Create(new(network.Input, 10) { WidthMultiplier = width }, rng);
        network.Recipe.Initialize(model, rng);
        var proto = OnnxSession.AssertAgrees(model, network.Input);

        var weights = proto.Graph.Initializer.Select(tensor => tensor.Name);
        Assert.That(weights, Is.SupersetOf(model.State().Select(s => s.Name)));
        Assert.That(
            proto.Graph.Node.Select(node => node.OpType), Has.None.AnyOf("Concat", "Dropout", "Identity", "Shape"));
    }
}
