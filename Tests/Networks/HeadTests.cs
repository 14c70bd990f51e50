using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The networks with another head on the same features.</summary>
public sealed class HeadTests
{
    private static IEnumerable<string> Names => NetworkCatalog.All.Select(network => network.Name);

    [TestCaseSource(nameof(Names))]
    public void The_head_is_what_depends_on_the_number_of_classes(string name)
    {
        var network = NetworkCatalog.Find(name);
        var (ten, eleven) = (State(10), State(11));
        var different = ten.Zip(eleven).Where(pair => pair.First.Tensor.Shape != pair.Second.Tensor.Shape)
            .Select(pair => pair.First.Name);
        Assert.That(
            ten.Select(s => s.Name).Where(path => path.StartsWith($"{network.Head}.", StringComparison.Ordinal)),
            Is.EqualTo(different).And.Not.Empty);

        IReadOnlyList<(string Name, Tensor Tensor)> State(int classes) =>
            network.Build(new(network.Input, classes) { WidthMultiplier = 0.05 }, new(1)).State();
    }

    [TestCase("nin", "features3.4")]
    [TestCase("nin-d2l", "7.0,7.2,7.4")]
    [TestCase("nin-bn", "features3.6")]
    [TestCase("fcnet", "fc4")]
    public void Features_load_below_a_head_of_other_classes(string name, string head)
    {
        using var folder = new TemporaryFolder();
        var network = NetworkCatalog.Find(name);
        var (saved, model) = (Small(network, 10, 1), Small(network, 17, 2));
        saved.Save(folder["a"]);
        var before = model.State().ToDictionary(s => s.Name, s => s.Tensor.ToArray());

        var report = network.LoadFeatures(model, folder["a"]);

        Assert.That(
            report.Missing,
            Is.EqualTo(head.Split(',').SelectMany(path => (string[])[$"{path}.weight", $"{path}.bias"])));
        Assert.That((report.Unexpected.Count, report.SizeMismatches.Count), Is.EqualTo((0, 0)));
        foreach (var (ours, theirs) in model.State().Zip(saved.State()))
            Assert.That(
                ours.Tensor.ToArray(),
                Is.EqualTo(report.Missing.Contains(ours.Name) ? before[ours.Name] : theirs.Tensor.ToArray()));
    }

    [Test]
    public void Features_that_do_not_fit_change_nothing()
    {
        using var folder = new TemporaryFolder();
        var (lenet, nin) = (NetworkCatalog.Find("lenet5"), NetworkCatalog.Find("nin"));
        Small(lenet, 10, 1).Save(folder["a"]);
        var model = Small(nin, 10, 2);
        var before = model.Parameters().SelectMany(p => p.ToArray()).ToArray();
        Assert.That(
            () => nin.LoadFeatures(model, folder["a"]),
            Throws.TypeOf<InputException>().With.Message.Contains("missing keys: 'features1.0.weight'")
                .And.Message.Contains("unexpected keys: 'conv1.weight'").And.Message.Not.Contains("features3.4"));
        Assert.That(model.Parameters().SelectMany(p => p.ToArray()), Is.EqualTo(before));
    }

    [TestCase("nin")]
    [TestCase("nin-bn")]
    [TestCase("alexnet")]
    [TestCase("fcnet")]
    public void Freezing_the_features_leaves_the_head(string name)
    {
        var network = NetworkCatalog.Find(name);
        var model = Small(network, 10, 1);
        network.FreezeFeatures(model);
        foreach (var (path, tensor) in model.State())
            Assert.That(
                tensor.RequiresGrad,
                Is.EqualTo(path.StartsWith($"{network.Head}.", StringComparison.Ordinal)), path);
        Assert.That(model.Descendants().Single(d => d.Path == network.Head).Module.Training, Is.True);
        Assert.That(
            model.Descendants().Select(d => d.Module).Where(m => m is BatchNormLayer or Dropout or Dropout2d)
                .Select(m => m.Training),
            Is.All.False);
    }

    [Test]
    public void A_network_whose_head_is_not_known_is_refused_by_name()
    {
        var network = NetworkCatalog.Find("lenet5") with { Name = "mine", Head = "" };
        var model = Small(network, 10, 1);
        Assert.That(
            () => network.FreezeFeatures(model),
            Throws.InvalidOperationException.With.Message.Contains("mine: its Head"));
        Assert.That(
            () => network.LoadFeatures(model, "x"), Throws.InvalidOperationException.With.Message.Contains("mine"));
    }

    private static Module Small(NetworkDefinition network, int classes, ulong seed) =>
        network.Build(new(network.Input, classes) { WidthMultiplier = 0.05 }, new(seed));
}
