using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class LearningRateFinderTests
{
    [Test]
    public void The_rates_rise_exponentially_and_the_model_is_as_before()
    {
        var (train, _) = XorGenerator.Generate(seed: 1);
        var rng = new Rng(1);
        var model = new Sequential(
            new Linear(2, 16, rng), new ReLU(), new Dropout(rng.Split(), 0.1f), new Linear(16, 2, rng));
        var before = model.State().Select(s => s.Tensor.ToArray()).ToArray();
        var generators = model.Generators().Select(g => g.Rng.State).ToArray();
        model.Eval();
        var finder = new LearningRateFinder { From = 1e-4, To = 100, Steps = 61 };
        var curve = finder.Run(model, new DataLoader(train, 50, seed: 1), new Sgd(model.Parameters(), 1));

        Assert.That(curve.Points[0].LearningRate, Is.EqualTo(1e-4).Within(1e-10));
        Assert.That(curve.Points[10].LearningRate / curve.Points[0].LearningRate, Is.EqualTo(10).Within(1e-6));
        Assert.That(curve.Points[0].SmoothedLoss, Is.EqualTo(curve.Points[0].Loss).Within(1e-9), "bias-corrected");
        Assert.That(curve.Steepest, Is.InRange(1e-4, 100));
        Assert.That(model.State().Select(s => s.Tensor.ToArray()), Is.EqualTo(before));
        Assert.That(model.Generators().Select(g => g.Rng.State), Is.EqualTo(generators));
        Assert.That(model.Descendants().Any(d => d.Module.Training), Is.False, "still in evaluation");
    }

    [Test]
    public void It_ends_when_the_loss_diverges()
    {
        var (train, _) = XorGenerator.Generate(seed: 1);
        var model = new Sequential(new Linear(2, 2, new Rng(1)));
        var finder = new LearningRateFinder { From = 1, To = 1e20, Steps = 100, Smoothing = 0 };
        var curve = finder.Run(model, new DataLoader(train, 50, seed: 1), new Sgd(model.Parameters(), 1));
        Assert.That(curve.HasDiverged);
        Assert.That(curve.Points, Has.Count.LessThan(100));
        Assert.That(curve.Points.Select(point => double.IsFinite(point.SmoothedLoss)), Is.All.True);
    }

    /// <summary>The smoothed losses of a known curve: 2 up to 1e-3, then falling to 1 at 1e-1, then rising.</summary>
    [Test]
    public void The_suggestions_are_those_of_a_known_curve()
    {
        LearningRatePoint[] points =
        [
            .. Enumerable.Range(0, 61).Select(i => (Exponent: -5 + i / 10.0, i)).Select(p => new LearningRatePoint(
                Math.Pow(10, p.Exponent), 0, p.Exponent switch
                {
                    < -3 => 2,
                    < -1 => 1.5 - 0.5 * Math.Sin(Math.PI / 2 * (p.Exponent + 2)),
                    _ => 1 + (p.Exponent + 1) * (p.Exponent + 1),
                })),
        ];
        var curve = new LearningRateCurve(points, HasDiverged: false);
        Assert.That(Math.Log10(curve.Steepest!.Value), Is.EqualTo(-2).Within(0.11));
        Assert.That(Math.Log10(curve.MinimumOverTen!.Value), Is.EqualTo(-2).Within(0.01));
    }

    [Test]
    public void A_loss_that_only_rises_gives_no_suggestion()
    {
        LearningRatePoint[] points =
            [.. Enumerable.Range(0, 30).Select(i => new LearningRatePoint(Math.Pow(10, -i), i, 1 + i))];
        var curve = new LearningRateCurve(points, HasDiverged: true);
        Assert.That((curve.Steepest, curve.MinimumOverTen), Is.EqualTo(((double?)null, (double?)null)));
        Assert.That(new LearningRateCurve([], false).Steepest, Is.Null);
    }

    [Test]
    public void A_range_that_is_none_is_refused()
    {
        var (train, _) = XorGenerator.Generate(seed: 1);
        var model = new Linear(2, 2, new Rng(1));
        foreach (var finder in (LearningRateFinder[])
        [
            new() { From = 0 }, new() { To = 1e-8 }, new() { Steps = 1 }, new() { Smoothing = 1 },
            new() { Divergence = 1 },
        ])
            Assert.That(
                () => finder.Run(model, new DataLoader(train, 50), new Sgd(model.Parameters(), 1)),
                Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
