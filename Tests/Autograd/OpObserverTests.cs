using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>An observer is called once for each pass of each op of its thread, with the parts nested.</summary>
public sealed class OpObserverTests
{
    [Test]
    public void Every_pass_is_reported_once()
    {
        var rng = new Rng(1);
        var x = Tensor.Uniform([2, 3, 8, 8], -1, 1, rng);
        x.RequiresGrad = true;
        var net = new Sequential(
            new Conv2d(3, 4, 3, rng, padding: 1), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(64, 5, rng));

        var seen = new Recorder();
        OpObserver.Current = seen;
        try
        {
            net.Forward(x).CrossEntropy(1, 2).Backward();
        }
        finally
        {
            OpObserver.Current = null;
        }

        Assert.That(seen.Log, Is.EqualTo((string[])
        [
            "Conv2d [2, 4, 8, 8]", "Conv2d.Forward",
            "MaxPool2d [2, 4, 4, 4]", "MaxPool2d.Forward",
            "Flatten [2, 64]", "Flatten.Forward",
            "Linear [2, 5]", "Linear.Forward",
            "CrossEntropy []", "CrossEntropy.Forward",
            "CrossEntropy.Backward",
            "MatMul [2, 64]", "MatMul.Forward",         // Linear's gradients are products of their own
            "MatMul [5, 64]", "MatMul.Forward",
            "Linear.Backward",
            "Flatten.Backward",
            "MaxPool2d.Backward",
            "Conv2d.InputGradient", "Conv2d.WeightGradient", "Conv2d.Backward",
        ]));
        Assert.That(seen.Open, Is.Zero);
    }

    [Test]
    public void Ops_of_another_thread_are_not_reported()
    {
        var seen = new Recorder();
        OpObserver.Current = seen;
        try
        {
            var other = new Thread(() => (Tensor.Zeros([2]) + 1).Release());
            other.Start();
            other.Join();
        }
        finally
        {
            OpObserver.Current = null;
        }

        Assert.That(seen.Log, Is.Empty);
    }

    private sealed class Recorder : OpObserver
    {
        public List<string> Log { get; } = [];

        public int Open { get; private set; }

        public override void OnApply(Op op, ReadOnlySpan<Tensor> inputs, Tensor y) => Log.Add($"{op.Name} {y.Shape}");

        public override void OnBegin(Op op, Pass pass) => Open++;

        public override void OnEnd(Op op, Pass pass)
        {
            Open--;
            Log.Add($"{op.Name}.{pass}");
        }
    }
}
