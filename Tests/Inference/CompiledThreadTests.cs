using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Several threads run one compiled module at once.</summary>
public sealed class CompiledThreadTests
{
    [TestCase("lenet5")]
    [TestCase("fcnet")]
    [TestCase("nin")]
    public void Eight_threads_at_once_compute_what_one_does(string name)
    {
        const int threads = 8, runs = 20;
        var model = CompiledModelTests.CreateNarrow(name);
        Shape shape = [1, .. NetworkCatalog.Find(name).Input];
        using var compiled = model.Compile(shape);
        var inputs = new float[threads][];
        var expected = new float[threads][];
        for (var i = 0; i < threads; i++)
        {
            inputs[i] = Tensor.Normal(shape, 0, 1, new((ulong)i)).ToArray();
            compiled.Run(inputs[i], expected[i] = new float[10]);
        }

        using var start = new Barrier(threads);
        var wrong = 0;
        Thread[] team = [.. Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            var output = new float[10];
            start.SignalAndWait();
            for (var run = 0; run < runs; run++)
            {
                compiled.Run(inputs[i], output);
                if (!output.AsSpan().SequenceEqual(expected[i])) Interlocked.Increment(ref wrong);
            }
        }))];
        foreach (var thread in team) thread.Start();
        foreach (var thread in team) thread.Join();
        Assert.That(wrong, Is.Zero);
    }

    [Test]
    public void Dispose_returns_during_a_run_whose_memory_is_freed_at_its_end()
    {
        var device = new CpuDevice(1);
        var model = new BlockingModule().To(device);
        var before = device.Memory.Allocated;
        var compiled = model.Compile([2, 3]);
        model.Block();
        var x = Tensor.Ones([2, 3], device);
        var run = Task.Run(() => compiled.Run(x));
        model.WaitUntilEntered();
        compiled.Dispose();
        model.Unblock();
        var y = run.GetAwaiter().GetResult();
        Assert.That(y.ToArray(), Is.All.EqualTo(2));
        y.Release();
        GC.Collect();       // the module does not release what it computes in between
        GC.WaitForPendingFinalizers();
        GC.KeepAlive(x);
        Assert.That(device.Memory.Allocated, Is.EqualTo(before + 64), "x");
    }

    /// <summary>2·x, by an op that can wait.</summary>
    private sealed class BlockingModule : Module
    {
        private readonly ManualResetEventSlim open = new(true), entered = new();

        public Parameter Factor { get; } = new(Tensor.Full([], 2));

        public void Block()
        {
            entered.Reset();
            open.Reset();
        }

        public void WaitUntilEntered() => entered.Wait();

        public void Unblock() => open.Set();

        protected override Tensor Forward(Tensor x) => new WaitOp(open, entered).Apply(x * Factor);

        private sealed class WaitOp(ManualResetEventSlim open, ManualResetEventSlim entered) : Op
        {
            protected internal override bool IsPure => true;

            protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

            protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
            {
                entered.Set();
                open.Wait();
                ReadContents(x[0]).CopyTo(WriteContents(y));
            }

            protected internal override Tensor?[] Backward(Tensor dy) => [dy];
        }
    }
}
