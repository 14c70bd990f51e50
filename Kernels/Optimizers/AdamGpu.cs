using ILGPU;

namespace PyNetSharp;

public sealed partial class Adam
{
    partial void StepOnGpus()
    {
        foreach (var device in Parameters.Select(p => p.Device).OfType<GpuDevice>().Distinct())
            device.Together<AdamKernel>(
            [
                .. Enumerable.Range(0, Parameters.Count)
                    .Where(i => Parameters[i].Device == device && Parameters[i].Grad is not null)
                    .Select(i => (Parameters[i].Shape.Size, new AdamKernel(
                        Parameters[i].View, Parameters[i].Grad!.View, means[i].View, squares[i].View, RuleFor(i)))),
            ]);
    }
}

internal readonly struct AdamKernel(ArrayView<float> p, ArrayView<float> g, ArrayView<float> m, ArrayView<float> v, Adam.Rule rule) : IItemKernel
{
    public void Run(int i)
    {
        var d = g[i] + rule.Decay * p[i];
        var mean = rule.Keep1 * m[i] + rule.Take1 * d;
        var square = rule.Keep2 * v[i] + rule.Take2 * d * d;
        m[i] = mean;
        v[i] = square;
        p[i] -= rule.Rate * mean / (MathF.Sqrt(square) / rule.Root + rule.Eps);
    }
}
