using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A classifier compiles its network, and predicts what the network does, bit for bit.</summary>
public sealed class ClassifierCompileTests
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 10).Select(i => $"class {i}")];

    [TestCase("lenet5", 32)]
    [TestCase("fcnet", 28)]
    public void Every_number_of_images_has_the_networks_bits_each_time(string name, int side)
    {
        var model = CompiledModelTests.CreateNarrow(name);
        var classifier = Create(model, side);
        for (var round = 0; round < 3; round++)
        {
            foreach (var count in (int[])[1, 3, 1, 2, 4, 5, 6, 1, 1])
                AssertPredicts(classifier, model, count, side);
            foreach (var parameter in model.Parameters())
                parameter.CopyFrom([.. parameter.ToArray().Select(value => 1.25f * value)]);
        }
    }

    [Test]
    public void A_hook_that_is_registered_later_is_called()
    {
        var model = CompiledModelTests.CreateNarrow("lenet5");
        var classifier = Create(model, 32);
        for (var i = 0; i < 3; i++) AssertPredicts(classifier, model, 1, 32);
        var calls = 0;
        model.RegisterForwardHook((_, _) => calls++);
        for (var i = 0; i < 3; i++) classifier.Run(new float[32 * 32], 1);
        Assert.That(calls, Is.EqualTo(3));
    }

    [Test]
    public void A_network_that_cannot_be_compiled_is_called()
    {
        var model = new CompiledModelTests.Lambda(x => x.Reshape(-1, 10) * x.ToArray()[0]);
        var classifier = new Classifier(model, new([1, 2, 5], null, 0, 1), Names);
        for (var i = 0; i < 3; i++)
            Assert.That(
                classifier.Run([.. Enumerable.Repeat(i + 1f, 10)], 1)[0].Logits.ToArray(),
                Is.All.EqualTo((i + 1) * (i + 1)));
    }

    private static Classifier Create(Module model, int side) => new(model, new([1, side, side], null, 0, 1), Names);

    private static void AssertPredicts(Classifier classifier, Module model, int count, int side)
    {
        var x = Tensor.Uniform([count, 1, side, side], 0, 1, new((ulong)count));
        using var noGrad = GradMode.NoGrad();
        var expected = model.Forward(x).Keep().ToArray();
        var logits = classifier.Run(x.ToArray(), count).SelectMany(prediction => prediction.Logits.ToArray()).ToArray();
        Assert.That(CompiledModelTests.Bits(logits), Is.EqualTo(CompiledModelTests.Bits(expected)));
    }
}
