using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Learning rates of PyTorch's schedules; the numbers are what <c>Golden/schedules.py</c> prints.</summary>
public sealed class ScheduleGoldenTests
{
    private const int Steps = 12;

    private static readonly Dictionary<string, LearningRateSchedule> Schedules = new()
    {
        ["exponential"] = new ExponentialLR(0.8),
        ["polynomial"] = new PolynomialLR(9),
        ["polynomial, power 2.5"] = new PolynomialLR(Steps, 2.5),
        ["one cycle"] = new OneCycleLR(Steps),
        ["one cycle, linear"] = new OneCycleLR(Steps, 0.5, AnnealStrategy.Linear, divFactor: 10, finalDivFactor: 100),
        ["one cycle, three phases"] = new OneCycleLR(Steps, 0.4, threePhase: true),
        ["one cycle, no rise"] = new OneCycleLR(Steps, riseShare: 0),
        ["one cycle, rise only"] = new OneCycleLR(Steps, riseShare: 1),
        ["warm-up, constant"] = new LinearWarmupLR(4, new ConstantLR(), 0.25),
        ["warm-up, steps"] = new LinearWarmupLR(4, new StepLR(3, 0.5), 0.25),
        ["warm-up, exponential"] = new LinearWarmupLR(5, new ExponentialLR(0.8), 0.1),
        ["warm-up, cosine"] = new LinearWarmupLR(4, new CosineAnnealingLR(Steps - 4), 0.25),
        ["warm-up, polynomial"] = new LinearWarmupLR(4, new PolynomialLR(Steps - 4, 2), 0.25),
    };

    // Of the best and worse by turns, near the threshold, and not a number
    private static readonly double[] Losses =
    [
        1.0, 0.9, 0.95, 0.95, 0.92, 0.8, 0.79995, 0.81, 0.82, double.NaN, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6,
    ];

    private static readonly Dictionary<string, Func<ReduceLROnPlateau>> Plateaus = new()
    {
        ["min"] = () => new(patience: 2),
        ["min, absolute"] = () => new(
            factor: 0.5, patience: 1, threshold: 0.06, thresholdMode: ThresholdMode.Absolute),
        ["max"] = () => new(PlateauMode.Max, 0.5, patience: 1, threshold: 0.01),
        ["max, absolute"] = () => new(PlateauMode.Max, 0.7, 0, 0.01, ThresholdMode.Absolute),
        ["cooldown"] = () => new(factor: 0.5, patience: 1, cooldown: 3),
        ["lowest rate"] = () => new(factor: 0.3, patience: 0, minRate: 0.004f),
    };

    [TestCase("exponential", new[]
    {
        0.1, 0.08, 0.064, 0.0512, 0.04096, 0.032768,
        0.0262144, 0.02097152, 0.016777216, 0.0134217728, 0.01073741824, 0.008589934592,
    })]
    [TestCase("polynomial", new[]
    {
        0.1, 0.08888888889, 0.07777777778, 0.06666666667, 0.05555555556, 0.04444444444,
        0.03333333333, 0.02222222222, 0.01111111111, 0, 0, 0,
    })]
    [TestCase("polynomial, power 2.5", new[]
    {
        0.1, 0.08045047225, 0.06339381453, 0.04871392896, 0.03628873693, 0.02598914457,
        0.01767766953, 0.01120654903, 0.006415002991, 0.003125, 0.001134023029, 0.0002004688435,
    })]
    [TestCase("one cycle", new[]
    {
        0.004, 0.03497896542, 0.08792851591, 0.09944154355, 0.09330129698, 0.08117456539,
        0.06473789977, 0.04626371027, 0.02830609982, 0.01334775302, 0.003456698743, 4e-07,
    })]
    [TestCase("one cycle, linear", new[]
    {
        0.01, 0.028, 0.046, 0.064, 0.082, 0.1,
        0.08335, 0.0667, 0.05005, 0.0334, 0.01675, 0.0001,
    })]
    [TestCase("one cycle, three phases", new[]
    {
        0.004, 0.01949048456, 0.05596380858, 0.08987874445, 0.09934534256, 0.07825351159,
        0.04021669662, 0.009785259942, 0.003864957964, 0.002547471248, 0.0007950512542, 4e-07,
    })]
    [TestCase("one cycle, no rise", new[]
    {
        0.09829629813, 0.09330129698, 0.08535539764, 0.0750001, 0.06294110049, 0.0500002,
        0.03705929951, 0.0250003, 0.01464500236, 0.006699103016, 0.001704101871, 4e-07,
    })]
    [TestCase("one cycle, rise only", new[]
    {
        0.004, 0.005944337267, 0.01161983042, 0.02056668477, 0.03206007938, 0.04516888776,
        0.05883111224, 0.07193992062, 0.08343331523, 0.09238016958, 0.09805566273, 0.1,
    })]
    [TestCase("warm-up, constant", new[]
    {
        0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.1,
        0.1, 0.1, 0.1, 0.1, 0.1, 0.1,
    })]
    [TestCase("warm-up, steps", new[]
    {
        0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.1,
        0.1, 0.05, 0.05, 0.05, 0.025, 0.025,
    })]
    [TestCase("warm-up, exponential", new[]
    {
        0.01, 0.028, 0.046, 0.064, 0.082, 0.1,
        0.08, 0.064, 0.0512, 0.04096, 0.032768, 0.0262144,
    })]
    [TestCase("warm-up, cosine", new[]
    {
        0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.09619397663,
        0.08535533906, 0.06913417162, 0.05, 0.03086582838, 0.01464466094, 0.003806023374,
    })]
    [TestCase("warm-up, polynomial", new[]
    {
        0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.0765625,
        0.05625, 0.0390625, 0.025, 0.0140625, 0.00625, 0.0015625,
    })]
    public void Rates_are_PyTorchs(string name, double[] expected) => Assert.That(
        expected.Select((_, step) => Schedules[name].At(step, 0.1f)),
        Is.EqualTo(expected).Within(1e-8), "a rounding to float of numbers up to 0.1");

    [TestCase("min", new[]
    {
        0.1, 0.1, 0.1, 0.1, 0.01, 0.01,
        0.01, 0.01, 0.001, 0.001, 0.001, 0.001,
        0.001, 0.0001, 0.0001, 0.0001, 1e-05, 1e-05,
    })]
    [TestCase("min, absolute", new[]
    {
        0.1, 0.1, 0.1, 0.05, 0.05, 0.05,
        0.05, 0.025, 0.025, 0.0125, 0.0125, 0.0125,
        0.00625, 0.00625, 0.003125, 0.003125, 0.0015625, 0.0015625,
    })]
    [TestCase("max", new[]
    {
        0.1, 0.1, 0.1, 0.05, 0.05, 0.05,
        0.05, 0.025, 0.025, 0.0125, 0.0125, 0.0125,
        0.00625, 0.00625, 0.003125, 0.003125, 0.0015625, 0.0015625,
    })]
    [TestCase("max, absolute", new[]
    {
        0.1, 0.1, 0.07, 0.049, 0.0343, 0.0343,
        0.02401, 0.016807, 0.0117649, 0.00823543, 0.00823543, 0.005764801,
        0.0040353607, 0.00282475249, 0.001977326743, 0.00138412872, 0.0009688901041, 0.0006782230728,
    })]
    [TestCase("cooldown", new[]
    {
        0.1, 0.1, 0.1, 0.05, 0.05, 0.05,
        0.05, 0.05, 0.025, 0.025, 0.025, 0.025,
        0.025, 0.0125, 0.0125, 0.0125, 0.0125, 0.0125,
    })]
    [TestCase("lowest rate", new[]
    {
        0.1, 0.1, 0.03, 0.009, 0.004, 0.004,
        0.004, 0.004, 0.004, 0.004, 0.004, 0.004,
        0.004, 0.004, 0.004, 0.004, 0.004, 0.004,
    })]
    public void A_plateau_reduces_the_rate_when_PyTorchs_does(string name, double[] expected)
    {
        var plateau = Plateaus[name]();
        var isMax = name.StartsWith("max", StringComparison.Ordinal);
        var rates = Losses.Select((loss, epoch) =>
        {
            plateau.Step(isMax ? 1.5 - loss : loss);
            return plateau.At(epoch, 0.1f);
        });
        Assert.That(rates, Is.EqualTo(expected).Within(1e-8));
    }
}
