using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class LearningRateScheduleTests
{
    [Test]
    public void Constant_stays() => Check(new ConstantLR(), 1, 1, 1);

    [Test]
    public void Step_falls_after_each_stage() => Check(new StepLR(2, 0.5), 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125);

    [Test]
    public void MultiStep_falls_at_each_milestone() =>
        Check(new MultiStepLR([4, 2, 4], 0.5), 1, 1, 0.5, 0.5, 0.125, 0.125);

    [Test]
    public void Cosine_falls_to_zero_and_stays_there() =>
        Check(new CosineAnnealingLR(4), 1, (1 + Math.Sqrt(0.5)) / 2, 0.5, (1 - Math.Sqrt(0.5)) / 2, 0, 0);

    [Test]
    public void Cosine_warms_up_linearly() =>
        Check(new CosineAnnealingLR(6, warmup: 4), 0.25, 0.5, 0.75, 1, 1, 0.5, 0);

    [Test]
    public void A_warm_up_rises_from_its_first_share_like_the_cosine_s_own()
    {
        Check(new LinearWarmupLR(4, new StepLR(2, 0.5)), 0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0.5, 0.25);
        Check(new LinearWarmupLR(0, new StepLR(1, 0.5)), 1, 0.5, 0.25);
        var (own, before) = (new CosineAnnealingLR(9, 3), new LinearWarmupLR(3, new CosineAnnealingLR(6)));
        for (var t = 0; t < 12; t++)
            Assert.That(before.At(t, 0.1f), Is.EqualTo(own.At(t, 0.1f)).Within(1e-8), $"time {t}");
    }

    [Test]
    public void A_one_cycle_stays_at_its_last_rate_and_may_be_short()
    {
        Check(new OneCycleLR(2, 0, AnnealStrategy.Linear, 2, 5), 0.55, 0.1, 0.1, 0.1);
        Check(new OneCycleLR(1, 1, divFactor: 2), 1, 1e-4 / 2);
        Check(new OneCycleLR(1, 0.3, divFactor: 2, finalDivFactor: 10), 0.05, 0.05);
    }

    [Test]
    public void A_plateau_does_not_raise_a_rate_that_is_below_the_lowest()
    {
        var plateau = new ReduceLROnPlateau(patience: 0, minRate: 0.5f);
        Assert.That(plateau.At(0, 0.1f), Is.EqualTo(0.1f));
        for (var epoch = 0; epoch < 3; epoch++) plateau.Step(1);
        Assert.That((plateau.Reductions, plateau.At(9, 0.1f), plateau.At(9, 2f)), Is.EqualTo((2, 0.1f, 0.5f)));
        Assert.That(plateau.Best, Is.EqualTo(1));
    }

    [Test]
    public void Numbers_out_of_range_are_refused() => Assert.Multiple(() =>
    {
        Refused(() => new ExponentialLR(0));
        Refused(() => new ExponentialLR(double.PositiveInfinity));
        Refused(() => new PolynomialLR(0));
        Refused(() => new PolynomialLR(3, 0));
        Refused(() => new OneCycleLR(0));
        Refused(() => new OneCycleLR(3, -0.1));
        Refused(() => new OneCycleLR(3, double.NaN));
        Refused(() => new OneCycleLR(3, 0.6, threePhase: true));
        Refused(() => new OneCycleLR(3, anneal: (AnnealStrategy)2));
        Refused(() => new OneCycleLR(3, divFactor: 0));
        Refused(() => new OneCycleLR(3, finalDivFactor: -1));
        Refused(() => new LinearWarmupLR(-1, new ConstantLR()));
        Refused(() => new LinearWarmupLR(2, new ConstantLR(), 0));
        Refused(() => new LinearWarmupLR(2, new ConstantLR(), 1.5));
        Refused(() => new ReduceLROnPlateau(factor: 1));
        Refused(() => new ReduceLROnPlateau(factor: double.NaN));
        Refused(() => new ReduceLROnPlateau(patience: -1));
        Refused(() => new ReduceLROnPlateau(threshold: -1));
        Refused(() => new ReduceLROnPlateau(cooldown: -1));
        Refused(() => new ReduceLROnPlateau(minRate: float.NaN));
        Refused(() => new ReduceLROnPlateau((PlateauMode)2));
        Refused(() => new ReduceLROnPlateau(thresholdMode: (ThresholdMode)2));
        Refused(() => new WarmupSchedule(3, new ConstantSchedule()).InSteps(3, 5));
        Refused(() => new WarmupSchedule(-1, new ConstantSchedule()).InSteps(3, 5));
        Refused(() => new WarmupPercentSchedule(100, new ConstantSchedule()).InSteps(3, 5));
        Refused(() => new OneCycleSchedule(101).InSteps(3, 5));
        Refused(() => new PlateauSchedule(1).InSteps(3, 5));
        Refused(() => new StepLR(0));
        Refused(() => new StepLR(1, 0));
        Refused(() => new StepLR(1, double.NaN));
        Refused(() => new MultiStepLR([1, -1]));
        Refused(() => new MultiStepLR([1], -0.5));
        Refused(() => new CosineAnnealingLR(0));
        Refused(() => new CosineAnnealingLR(3, warmup: 3));
        Refused(() => new CosineAnnealingLR(3, warmup: -1));
        Refused(() => new ConstantLR().At(-1, 0.1f));
    });

    private static void Refused(Func<object> create) =>
        Assert.That(() => create(), Throws.InstanceOf<ArgumentOutOfRangeException>());

    /// <summary>At times 0, 1, 2, …, from a start of 0.1; one rounding to float.</summary>
    private static void Check(LearningRateSchedule schedule, params double[] factors) =>
        Assert.That(
            factors.Select((_, time) => schedule.At(time, 0.1f)),
            Is.EqualTo(factors.Select(f => 0.1 * f)).Within(1e-8));
}
