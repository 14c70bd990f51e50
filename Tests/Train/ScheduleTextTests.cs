using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class ScheduleTextTests
{
    private const int Epochs = 10;

    [TestCase("none", 0, 0.5f)]
    [TestCase("none", 99, 0.5f)]
    [TestCase("step:2:0.1", 19, 0.5f)]
    [TestCase("step:2:0.1", 20, 0.05f)]
    [TestCase("cosine", 0, 0.5f)]
    [TestCase("cosine", 50, 0.25f)]
    [TestCase("cosine:2", 0, 0.025f)]          // the first of twenty steps of warm-up
    [TestCase("cosine:2", 19, 0.5f)]
    [TestCase("cosine:2", 60, 0.25f)]
    [TestCase("cosine:20%", 0, 0.025f)]        // of ten epochs of ten steps
    [TestCase("cosine:20%", 19, 0.5f)]
    [TestCase("cosine:20%", 60, 0.25f)]
    [TestCase("cosine:2.5%", 1, 0.5f)]
    [TestCase("cosine:0%", 50, 0.25f)]
    [TestCase("exponential:0.5", 9, 0.5f)]
    [TestCase("exponential:0.5", 10, 0.25f)]
    [TestCase("exponential:0.5", 29, 0.125f)]
    [TestCase("polynomial", 50, 0.25f)]
    [TestCase("polynomial:2", 50, 0.125f)]
    [TestCase("onecycle", 0, 0.02f)]
    [TestCase("onecycle", 29, 0.5f)]
    [TestCase("onecycle", 99, 2e-6f)]
    [TestCase("onecycle:50%", 49, 0.5f)]
    [TestCase("plateau", 99, 0.5f)]
    [TestCase("plateau:0.5:3", 99, 0.5f)]
    [TestCase("warmup:2,none", 0, 0.025f)]
    [TestCase("warmup:2,none", 99, 0.5f)]
    [TestCase("warmup:2,step:2:0.1", 39, 0.5f)]
    [TestCase("warmup:2,step:2:0.1", 40, 0.05f)]
    [TestCase("warmup:20%,polynomial", 60, 0.25f)]
    [TestCase("warmup:20%,cosine", 60, 0.25f)]
    [TestCase("warmup:5%,plateau", 0, 0.1f)]
    [TestCase("warmup:2,onecycle", 20, 0.02f)]
    public void A_schedule_counts_in_epochs(string text, int step, float rate)
    {
        var schedule = ScheduleText.Parse(text, Epochs);
        Assert.That(schedule.InSteps(Epochs, stepsPerEpoch: 10).At(step, 0.5f), Is.EqualTo(rate).Within(1e-7));
        Assert.That(ScheduleText.Format(schedule), Is.EqualTo(text));
    }

    [TestCase("")]
    [TestCase("None")]
    [TestCase("step")]
    [TestCase("step:2")]
    [TestCase("step:0:0.1")]
    [TestCase("step:2:0")]
    [TestCase("step:2:0.1:3")]
    [TestCase("cosine:-1")]
    [TestCase("cosine:10")]
    [TestCase("cosine:1:2")]
    [TestCase("cosine:%")]
    [TestCase("cosine:100%")]
    [TestCase("cosine:-1%")]
    [TestCase("cosine:nan%")]
    [TestCase("exponential")]
    [TestCase("exponential:0")]
    [TestCase("exponential:1.5")]
    [TestCase("polynomial:0")]
    [TestCase("polynomial:11")]
    [TestCase("onecycle:30")]
    [TestCase("onecycle:101%")]
    [TestCase("plateau:0.5")]
    [TestCase("plateau:1:3")]
    [TestCase("plateau:0.5:-1")]
    [TestCase("warmup:2")]
    [TestCase("warmup:10,none")]
    [TestCase("warmup:100%,none")]
    [TestCase("warmup:2,")]
    [TestCase("warmup:2,cosine:2")]
    [TestCase("warmup:2,warmup:2,none")]
    [TestCase("step:2:0.1,none")]
    public void Another_text_is_refused(string text) => Assert.That(
        () => ScheduleText.Parse(text, Epochs),
        Throws.TypeOf<InputException>().With.Message.Contains($"'{text}'").And.Message.Contains("SIZE:GAMMA"));
}
