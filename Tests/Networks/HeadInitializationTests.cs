using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class HeadInitializationTests
{
    /// <summary>
    /// No score is initially zero, where the last ReLU has no gradient; and they differ.
    /// </summary>
    [TestCase("nin")]
    [TestCase("nin-net")]
    [TestCase("nin-d2l")]
    [TestCase("nin-bn")]
    public void No_score_is_initially_dead(string name)
    {
        var (network, rng) = (NetworkCatalog.Find(name), new Rng(3));
        var model = network.Create(new(network.Input, Classes: 10) { WidthMultiplier = 0.25 }, rng);
        network.Recipe.Initialize(model, rng);
        model.Eval();

        float[] scores;
        using (GradMode.NoGrad()) scores = model.Forward(Tensor.Uniform([2, .. network.Input], -1, 1, rng)).ToArray();
        Assert.That(scores, Has.All.GreaterThan(0));
        Assert.That(scores.Distinct().Count(), Is.GreaterThan(1));
    }
}
