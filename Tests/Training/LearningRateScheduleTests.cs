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
    public void Numbers_out_of_range_are_refused() => Assert.Multiple(() =>
    {
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
