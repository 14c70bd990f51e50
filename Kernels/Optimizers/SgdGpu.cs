using ILGPU;

namespace PyNetSharp;

public sealed partial class Sgd
{
    partial void StepOnGpus()
    {
        foreach (var device in Parameters.Select(p => p.Device).OfType<GpuDevice>().Distinct())
        {
            int[] due = [.. Enumerable.Range(0, Parameters.Count).Where(i => Parameters[i].Device == device && Parameters[i].Grad is not null)];
            if (momentum == 0)
                device.Together<SgdKernel>([.. due.Select(i =>
                    (Parameters[i].Shape.Size, new SgdKernel(Parameters[i].View, Parameters[i].Grad!.View, LearningRate, weightDecay)))]);
            else
                device.Together<MomentumKernel>([.. due.Select(i =>
                    (Parameters[i].Shape.Size, new MomentumKernel(Parameters[i].View, Parameters[i].Grad!.View, velocities[i].View, RuleFor(i))))]);
        }
    }
}

internal readonly struct SgdKernel(ArrayView<float> p, ArrayView<float> g, float rate, float decay) : IItemKernel
{
    public void Run(int i) => p[i] -= rate * (g[i] + decay * p[i]);
}

internal readonly struct MomentumKernel(ArrayView<float> p, ArrayView<float> g, ArrayView<float> m, Sgd.Rule rule) : IItemKernel
{
    public void Run(int i)
    {
        var d = g[i] + rule.Decay * p[i];
        var velocity = rule.Keep * m[i] + rule.Take * d;
        m[i] = velocity;
        p[i] -= rule.Rate * (rule.Direct * d + rule.Ahead * velocity);
    }
}
