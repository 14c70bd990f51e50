using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Every network against PyTorch: scores, loss, the gradients of the input and of all parameters, ten training losses.
/// </summary>
public sealed class GoldenModelTests
{
    private static IEnumerable<string> Names => NetworkCatalog.All.Select(network => network.Name);

    [TestCaseSource(nameof(Names))]
    public void Scores_and_gradients_are_PyTorchs(string name)
    {
        // A float has 6e-8 of relative rounding; some twenty layers, each a sum of up to 9,216 products and its two
        // gradients, leave less than half of this.
        const double tolerance = 1e-5;
        using var golden = new GoldenFile("models");
        var model = GoldenModels.Create(name);
        var (x, labels) = GoldenModels.Batch(golden, new((ulong)golden[$"{name}/seed"].Item()), name);
        x.RequiresGrad = true;

        var y = model.Forward(x).Keep();
        var loss = y.CrossEntropy(labels);
        loss.Backward();

        Assert.Multiple(() =>
        {
            golden.AssertClose($"{name}/y", y.ToArray(), tolerance);
            golden.AssertClose($"{name}/loss", loss.ToArray(), tolerance);
            golden.AssertClose($"{name}/dx", x.Grad!.ToArray(), tolerance);
            foreach (var (path, tensor) in model.State())
            {
                if (tensor is Parameter) golden.AssertClose($"{name}/d/{path}", tensor.Grad!.ToArray(), tolerance);
                if (tensor is ModuleBuffer) golden.AssertClose($"{name}/buffer/{path}", tensor.ToArray(), tolerance);
            }
        });
        Assert.That(
            Paths(golden, name), Is.EqualTo(model.State().Select(s => s.Name).Order()), "the same names as in PyTorch");
    }

    [TestCase("nin")]
    [TestCase("nin-d2l")]
    [TestCase("alexnet")]
    [TestCase("lenet5")]
    public void Ten_training_losses_are_PyTorchs(string name)
    {
        using var golden = new GoldenFile("training");
        var model = GoldenModels.Create(name);
        var (x, labels) = GoldenModels.Batch(golden, new(3), name);
        var optimizer = new Sgd(model.Parameters(), golden[$"{name}/rate"].Item(), momentum: 0.9f, nesterov: true);

        foreach (var (step, expected) in golden.Values($"{name}/losses").Index())
        {
            optimizer.ZeroGrad();
            var loss = model.Forward(x).CrossEntropy(labels);
            loss.Backward();
            optimizer.Step();
            Assert.That(loss.Item(), Is.EqualTo(expected).Within(1e-4 * expected), $"step {step}");
        }
    }

    /// <summary>The parameters and buffers that PyTorch's model of this name has.</summary>
    private static IEnumerable<string> Paths(GoldenFile golden, string name) => golden.Names
        .Select(key => key.Split('/'))
        .Where(key => key[0] == name && key[1] is "d" or "buffer")
        .Select(key => key[2])
        .Distinct()
        .Order();
}
