using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>One training step of a network, on random images: forward, cross-entropy, backward, SGD with Nesterov.</summary>
internal sealed class TrainingStep
{
    private readonly Module model;
    private readonly Sgd optimizer;
    private readonly Tensor x;
    private readonly int[] labels;

    public TrainingStep(Network network, int batch, int threads)
    {
        var device = new CpuDevice(threads);
        var rng = new Rng(1);
        model = network.Create(new(network.Input, Classes: 10), rng).To(device);
        optimizer = new(model.Parameters(), 0.01f, momentum: 0.9f, nesterov: true);
        x = Tensor.Uniform([batch, .. network.Input], 0, 1, rng, device);
        labels = [.. Enumerable.Range(0, batch).Select(_ => rng.Next(10))];

        // The first layer's input needs no gradient, so it costs two passes; the others cost three.
        var layers = ShapeTrace.Of(model, network.Input).Where(layer => layer.Module is Conv2d or Linear).ToArray();
        MultiplyAdds = batch * (3 * layers.Sum(layer => layer.MultiplyAdds) - layers[0].MultiplyAdds);
    }

    /// <summary>Multiplications of a step, those of direct convolution.</summary>
    public long MultiplyAdds { get; }

    public MemoryUse Memory => x.Device.Memory;

    public float Run()
    {
        optimizer.ZeroGrad();
        var loss = model.Forward(x).CrossEntropy(labels);
        loss.Backward();
        optimizer.Step();
        return loss.Item();
    }

    /// <summary>Seconds of each of <paramref name="repeat"/> steps, after two that warm up.</summary>
    public double[] Measure(int repeat)
    {
        Run();
        Run();
        return [.. Enumerable.Range(0, repeat).Select(_ =>
        {
            var watch = Stopwatch.StartNew();
            Run();
            return watch.Elapsed.TotalSeconds;
        })];
    }
}
