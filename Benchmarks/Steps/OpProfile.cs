using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PyNetSharp.Benchmarks;

/// <summary>An op on certain shapes, and one of its passes.</summary>
/// <param name="Pass">Null for work that is no op, such as the optimizer's.</param>
internal readonly record struct OpKey(string Op, string Shapes, Pass? Pass);

/// <summary>The cost of one <see cref="OpKey"/> over all steps.</summary>
internal sealed class OpCost
{
    public int Calls { get; set; }

    public double Seconds { get; set; }

    /// <summary>Multiply-adds of a direct computation, times two.</summary>
    public long Flops { get; set; }

    /// <summary>The least that must be read and written: the inputs and the result, once.</summary>
    public long Bytes { get; set; }
}

/// <summary>
/// Collects the time of every op while it is the observer: the op's own, without that of ops within it. The device is
/// synchronized before and after each.
/// </summary>
internal sealed class OpProfile(Device device) : OpObserver
{
    private readonly Dictionary<OpKey, OpCost> costs = [];
    private readonly ConditionalWeakTable<Op, OpWorkload> workloads = [];
    private readonly Stack<Frame> frames = [];

    public IReadOnlyDictionary<OpKey, OpCost> Costs => costs;

    public override void OnApply(Op op, ReadOnlySpan<Tensor> inputs, Tensor y) =>
        workloads.Add(op, OpWorkload.Of(op, inputs, y.Shape));

    public override void OnRepeat(Op op, ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        if (!workloads.TryGetValue(op, out _)) OnApply(op, inputs, y);
    }

    public override void OnBegin(Op op, Pass pass) => Start();

    public override void OnEnd(Op op, Pass pass)
    {
        var seconds = SelfSeconds();
        workloads.TryGetValue(op, out var work);
        var multiplies = pass != Pass.Backward;     // its input and weight gradients are counted
        if (pass == Pass.Forward && GradMode.InBackward) pass = Pass.Backward;     // part of another op's gradient
        var cost = Cost(new(op.Name, work!.Shapes, pass));
        cost.Calls++;
        cost.Seconds += seconds;
        cost.Bytes += work.Bytes;
        if (multiplies) cost.Flops += work.Operations;
    }

    /// <summary>Measures, until disposed, work that is no op.</summary>
    public IDisposable Measure(string name, string description)
    {
        Start();
        return new Measurement(this, new(name, description, null));
    }

    private OpCost Cost(OpKey key)
    {
        if (!costs.TryGetValue(key, out var cost)) costs.Add(key, cost = new());
        return cost;
    }

    private void Start()
    {
        device.Synchronize();
        frames.Push(new(Stopwatch.GetTimestamp()));
    }

    private double SelfSeconds()
    {
        device.Synchronize();
        var frame = frames.Pop();
        var all = Stopwatch.GetElapsedTime(frame.Start).TotalSeconds;
        if (frames.TryPeek(out var outer)) outer.ChildSeconds += all;
        return all - frame.ChildSeconds;
    }

    private sealed class Frame(long start)
    {
        public long Start => start;

        public double ChildSeconds { get; set; }
    }

    private sealed class Measurement(OpProfile profile, OpKey key) : IDisposable
    {
        public void Dispose()
        {
            var cost = profile.Cost(key);
            cost.Calls++;
            cost.Seconds += profile.SelfSeconds();
        }
    }
}
