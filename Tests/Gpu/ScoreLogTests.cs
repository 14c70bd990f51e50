using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What batches came to is noted on each device as on the CPU, and read in order.</summary>
[Category("Gpu")]
public sealed class ScoreLogTests
{
    private static IEnumerable<TestCaseData> Devices => TestDevices.Cases.Prepend(new("cpu"));

    private static IEnumerable<TestCaseData> Real => TestDevices.CasesExcept("emulated").Prepend(new("cpu"));

    private static readonly float[][] Scores =
    [
        [3, 1, 2, 1, 3, 3, 0, 0, 5, 2, 2, 2],                           // right, not the first of equals, right, wrong
        [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4],                           // no item's depend on the class
        [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3],                           // no class's depend on the item
        [float.NaN, 1, 2, 1, float.NaN, 9, -1, 9, -1, 1, 0, 2],         // a row with a NaN is never right
        [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 4],
        [.. Enumerable.Repeat(float.NaN, 12)],                          // neither right nor flat
        [.. Enumerable.Repeat((float[])[1, float.NaN, 2], 4).SelectMany(row => row)],
        [.. Enumerable.Repeat(float.NegativeInfinity, 12)],             // the first of equals; and flat
        [0, Inf, Inf, -Inf, -Inf, 5, -1, -0f, 0, -0f, 0, -Inf],         // wrong, right, wrong, wrong
        [1, 2, 3, 2, 2, 2, 3, 3, 3, 4, 4, 4],                           // only the first item's depend on the class
    ];

    private const float Inf = float.PositiveInfinity;

    private static readonly int[] Truths = [0, 2, 2, 1];

    [TestCaseSource(nameof(Devices))]
    public void Notes_are_what_the_scores_say(string name) => AssertNotes(DeviceCatalog.Open(name));

    internal static void AssertNotes(Device device)
    {
        var (log, labels) = (new BatchMetricsLog(), new Labels(Truths, device));
        foreach (var (i, scores) in Scores.Index())
            log.Add(Tensor.From([4, 3], scores, device), Tensor.Full([], 0.5f * i, device), labels);

        Assert.That(log.Drain(), Is.EqualTo(new BatchMetrics[]
        {
            new(4, 0, 2, false), new(4, 0.5f, 1, true), new(4, 1, 2, true), new(4, 1.5f, 0, false), new(4, 2, 2, false),
            new(4, 2.5f, 0, false), new(4, 3, 0, false), new(4, 3.5f, 1, true), new(4, 4, 1, false),
            new(4, 4.5f, 0, false),
        }));
        Assert.That(log.Drain(), Is.Empty);
    }

    [TestCaseSource(nameof(Real))]
    public void More_batches_than_fit_lose_none(string name)
    {
        var device = DeviceCatalog.Open(name);
        var (log, labels) = (new BatchMetricsLog(), new Labels([0], device));
        const int count = BatchMetricsLog.Capacity + 3;
        for (var i = 0; i < count; i++)
            log.Add(Tensor.From([1, 2], [1, i % 2], device), Tensor.Full([], i, device), labels);

        Assert.That(
            log.Drain().Select(note => note.Loss), Is.EqualTo(Enumerable.Range(0, count).Select(i => (float)i)));
    }

    [TestCaseSource(nameof(Devices))]
    public void Labels_that_change_change_on_the_device_too(string name)
    {
        var device = DeviceCatalog.Open(name);
        var (log, labels) = (new BatchMetricsLog(), new Labels([0, 0], device));
        var scores = Tensor.From([2, 2], [1, 0, 1, 0], device);
        var loss = Tensor.Full([], 1, device);
        log.Add(scores, loss, labels);
        labels.CopyFrom([1, 0]);
        log.Add(scores, loss, labels);

        Assert.That(log.Drain().Select(note => note.Correct), Is.EqualTo(new[] { 2, 1 }));
    }

    [TestCaseSource(nameof(Devices))]
    public void Labels_that_do_not_fit_are_refused(string name)
    {
        var device = DeviceCatalog.Open(name);
        var (log, scores, loss) = (new BatchMetricsLog(), Tensor.Zeros([2, 3], device), Tensor.Zeros([], device));
        Assert.That(
            () => log.Add(scores, loss, new Labels([0, 1, 2], device)),
            Throws.TypeOf<ShapeException>().With.Message.StartsWith("BatchMetricsLog:"));
        Assert.That(
            () => log.Add(scores, loss, new Labels([0, 3], device)), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(log.Drain(), Is.Empty);
    }

    [Test]
    public void Labels_keep_their_number() =>
        Assert.That(
            () => new Labels([1, 2]).CopyFrom([1]),
            Throws.ArgumentException.With.Message.Contains("1 classes for 2 items"));
}
