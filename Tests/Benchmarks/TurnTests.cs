using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>How often a program's step is timed, and what the best of several programs is.</summary>
public sealed class TurnTests
{
    [Test]
    public void Steps_of_microseconds_are_timed_many_at_a_time()
    {
        Assert.That(Turn.For(seconds: 49e-6), Is.EqualTo(new Turn(Timings: 100, Steps: 21)));
        Assert.That(Turn.For(seconds: 0.01), Is.EqualTo(new Turn(Timings: 50, Steps: 1)));
        Assert.That(Turn.For(seconds: 0.7), Is.EqualTo(new Turn(Timings: 1, Steps: 1)));
        Assert.That(
            Turn.For(seconds: 49e-6, Turn.BusySecondsPerTiming), Is.EqualTo(new Turn(Timings: 10, Steps: 1021)));
    }

    [Test]
    public void A_request_has_timings_and_the_steps_of_each()
    {
        Assert.That(StepLoop.ParseRequest("20 7"), Is.EqualTo((20, 7)));
        Assert.That(StepLoop.ParseRequest("20"), Is.EqualTo((20, 1)));
    }

    [Test]
    public void A_timing_is_the_mean_of_its_steps()
    {
        var steps = 0;
        var seconds = StepLoop.Time(() => steps++, timings: 5, steps: 3);
        Assert.That(steps, Is.EqualTo(15));
        Assert.That(seconds, Has.Length.EqualTo(5));
    }

    [Test]
    public void The_best_configuration_is_found_of_each_peer_and_of_all()
    {
        var row = new ComparisonRow(
            "nin", false, 1, 2, 7, new("PyNetSharp", 0.002, 0.002, 7, 0) { Busy = 0.003 },
            [
                new("PyTorch 2.6.0, contiguous", 0.006, 0.006, 7, 0),
                new("PyTorch 2.6.0, channels-last, no mmap, no trimming", 0.005, 0.005, 7, 0),
                new("ONNX Runtime 1.31.1, spinning", 0.004, 0.001, 7, 0),
            ]);
        Assert.That(row.Best().Peer, Is.EqualTo("ONNX Runtime 1.31.1"));
        Assert.That(row.Best("PyTorch 2.6.0")!.Median, Is.EqualTo(0.005));
        Assert.That(row.Best("PyTorch"), Is.Null);
        Assert.That(row.Ratio(), Is.EqualTo(0.5));
        Assert.That(row.Ours.BusyFactor, Is.EqualTo(1.5).Within(1e-12));
        Assert.That(row.Best().BusyFactor, Is.Null);
    }
}
