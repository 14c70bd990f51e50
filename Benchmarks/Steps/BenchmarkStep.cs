using PyNetSharp.Optimizers;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// One step on random images: training (forward, cross-entropy, backward, SGD with Nesterov) or inference.
/// </summary>
internal sealed class BenchmarkStep
{
    private readonly Module model;
    private readonly Sgd? optimizer;
    private readonly CompiledModel? compiled;
    private readonly Tensor x;
    private readonly Labels labels;

    public BenchmarkStep(Workload workload, Device device)
    {
        Device = device;
        var (network, batch) = (workload.Network, workload.Batch);
        var rng = new Rng(1);
        model = network.Create(new(network.Input, Classes: 10), rng).To(Device);
        if (workload.Trains) optimizer = new(model.Parameters(), 0.01f, momentum: 0.9f, nesterov: true);
        else model.Eval();
        x = Tensor.Uniform([batch, .. network.Input], 0, 1, rng, Device);
        if (!workload.Trains && !workload.IsPlain) compiled = model.Compile(x.Shape);
        labels = new([.. Enumerable.Range(0, batch).Select(_ => rng.Next(10))], Device);
    }

    public Device Device { get; }

    public void Run(OpProfile? profile = null)
    {
        if (optimizer is null) Infer();
        else Train(optimizer, profile);
    }

    /// <summary>A step, and waiting until the device has done it.</summary>
    public void RunToEnd()
    {
        Run();
        Device.Synchronize();
    }

    private void Infer()
    {
        using (GradMode.NoGrad()) (compiled?.Run(x) ?? model.Forward(x)).Release();
    }

    private void Train(Sgd sgd, OpProfile? profile)
    {
        sgd.ZeroGrad();
        model.Forward(x).CrossEntropy(labels).Backward();
        using (profile?.Measure("Sgd", "all parameters")) sgd.Step();
    }
}
