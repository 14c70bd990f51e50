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
    public void Another_text_is_refused(string text) => Assert.That(
        () => ScheduleText.Parse(text, Epochs),
        Throws.TypeOf<InputException>().With.Message.Contains($"'{text}'").And.Message.Contains("SIZE:GAMMA"));
}
