using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Loops over all ops of <see cref="OpTable"/>, and of a training with all that steps may have.</summary>
[Category("Slow")]
public sealed class SteadyLoopTests
{
    private const int Steps = 5000;
    private const int Kilobyte = 1 << 10;

    /// <summary>
    /// Each step runs one row after the other, forward and backward, until all steps are done: in rounds over all rows,
    /// whose memory after a collection is that of the first rounds.
    /// </summary>
    [Test]
    public void Every_op_s_steps_stay_flat()
    {
        var device = new CpuDevice(threads: 2);
        var rows = OpTable.Rows.Select(row => (row, Inputs: row.DrawInputs(row.Shapes, device))).ToArray();
        foreach (var leaf in rows.SelectMany(one => one.Inputs)) leaf.RequiresGrad = true;
        var rounds = (Steps + rows.Length - 1) / rows.Length;

        Round();
        Round();
        var (allocated, managed) = (Collected(device), GC.GetTotalMemory(forceFullCollection: true));
        for (var round = 0; round < rounds; round++) Round();
        Assert.That(Collected(device), Is.EqualTo(allocated), "storage in use");
        Assert.That(
            GC.GetTotalMemory(forceFullCollection: true) - managed, Is.LessThan(256 * Kilobyte), "managed memory");
        GC.KeepAlive(rows);

        void Round()
        {
            foreach (var (row, inputs) in rows)
            {
                foreach (var leaf in inputs) leaf.Grad = null;
                var y = row.Op(inputs);
                if (y.InGraph) y.Sum().Backward();
            }
        }
    }

    /// <summary>Nothing is left to the garbage collector but results that the caller holds.</summary>
    [TestCase("cpu", Steps)]
    [TestCase("emulated", 4)]
    public void A_training_step_with_accumulation_an_average_hooks_and_parts_stays_flat(string name, int steps)
    {
        var device = name == "cpu" ? new CpuDevice(threads: 2) : DeviceCatalog.Open(name);
        var training = new StepOfAllKinds(device);
        for (var i = 0; i < 4; i++) training.Step();
        var (allocated, managed) = (Collected(device), GC.GetTotalMemory(forceFullCollection: true));
        var system = device.Memory.SystemAllocations;
        for (var i = 0; i < steps; i++) training.Step();

        Assert.That(device.Memory.SystemAllocations - system, Is.LessThanOrEqualTo(16), "blocks from the system");
        Assert.That(Collected(device), Is.EqualTo(allocated), "storage in use");
        Assert.That(
            GC.GetTotalMemory(forceFullCollection: true) - managed, Is.LessThan(256 * Kilobyte), "managed memory");
        Assert.That(training.HookCalls, Is.EqualTo(2 * 2 * (steps + 4)));
    }

    [Test]
    public void Threads_do_not_change_a_bit_of_such_a_training()
    {
        Assert.That(Train(threads: 3), Is.EqualTo(Train(threads: 1)));

        static float[] Train(int threads)
        {
            var training = new StepOfAllKinds(new CpuDevice(threads), width: 96, batch: 64);
            for (var i = 0; i < 10; i++) training.Step();
            return training.Numbers();
        }
    }

    /// <summary>The bytes in use after what was dropped is freed.</summary>
    private static long Collected(Device device)
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return device.Memory.Allocated;
    }

    /// <summary>
    /// Two batches per step, AdamW with two groups, clipping, an average of the weights, hooks that replace and read.
    /// </summary>
    private sealed class StepOfAllKinds
    {
        private readonly Sequential net;
        private readonly AdamW optimizer;
        private readonly ExponentialMovingAverage average;
        private readonly Tensor[] x, targets;

        public StepOfAllKinds(Device device, int width = 8, int batch = 4)
        {
            var rng = new Rng(11);
            net = new Sequential(
                ("conv", new Conv2d(3, width, 3, rng, padding: 1)), ("norm", new GroupNorm(2, width)),
                ("act", new GELU()), ("pool", new MaxPool2d(2)), ("flatten", new Flatten()),
                ("fc", new Linear(width * 16, 6, rng))).To(device);
            optimizer = new AdamW(net.Parameters(), 1e-3f);
            average = new ExponentialMovingAverage(net, 0.9);
            x = [.. Enumerable.Range(0, 2).Select(_ => Tensor.Uniform([batch, 3, 8, 8], -1, 1, rng, device))];
            targets = [.. Enumerable.Range(0, 2).Select(_ => Tensor.Uniform([batch, 6], 0, 1, rng, device))];
            net["act"].RegisterForwardHook((_, _, y) =>
            {
                HookCalls++;
                return y * 0.5f;
            });
            net["fc"].RegisterForwardHook((_, _, y) =>
            {
                HookCalls++;
                if (y.Shape[0] != batch) throw new InvalidOperationException($"{y.Shape}");
            });
        }

        public int HookCalls { get; private set; }

        public void Step()
        {
            optimizer.ZeroGrad();
            foreach (var (input, target) in x.Zip(targets))
            {
                var scores = net.Forward(input);
                var (left, right) = (scores[.., ..3], scores[.., 3..]);
                var joined = Tensor.Concat([right, left], axis: 1).Permute(1, 0).Transpose(0, 1);
                (0.5f * joined.BinaryCrossEntropyWithLogits(target)).Backward();
            }

            optimizer.Step();
            average.Update();
        }

        public float[] Numbers() =>
            [.. net.State().Concat(average.State()).SelectMany(state => state.Tensor.ToArray())];
    }
}
