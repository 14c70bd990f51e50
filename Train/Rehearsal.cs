using PyNetSharp.Data;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>
/// One step of the network on images of noise, beside the reading of the data: what the JIT compiles for it, what a
/// GPU's driver compiles, and what else is slow the first time, the first true step finds done.
/// </summary>
/// <remarks>Nothing comes of it but compiled code, so it is no fault if it fails.</remarks>
internal sealed partial class WarmUpRun
{
    /// <summary>Of the CPU's: wide enough for the same kernels, and a sixteenth of the weights.</summary>
    private const double CpuWidthMultiplier = 0.25;

    private const int BatchSize = 16, Classes = 10;

    private readonly NetworkDefinition network;
    private readonly Recipe recipe;
    private readonly Device device;

    /// <summary>Begins, and returns at once.</summary>
    public WarmUpRun(NetworkDefinition network, Recipe recipe, Device device)
    {
        (this.network, this.recipe, this.device) = (network, recipe, device);
        if (device is CpuDevice) Task.Run(() => Step(new CpuDevice(threads: 1), network.Input, Classes, BatchSize, CpuWidthMultiplier));
        else StartOnGpu((GpuDevice)device);
    }

    /// <summary>
    /// Returns when a GPU's kernels for these data are compiled, and shows how far that is; at once for the CPU, which
    /// compiles while it computes.
    /// </summary>
    public void WaitForKernels(DataLoader train, DataLoader test, int classes, ConsoleOutput screen)
    {
        if (device is GpuDevice gpu) WaitForKernelsOnGpu(gpu, train, test, classes, screen);
    }

    private void Step(Device device, Shape item, int classes, int items, double width)
    {
        var rng = new Rng(0);
        var model = network.Create(new(item, classes) { WidthMultiplier = width, Dropout = recipe.Dropout }, rng);
        if (device is CpuDevice) recipe.Initialize(model, rng);
        model.To(device);

        var optimizer = recipe.CreateOptimizer(model.Parameters());
        var labels = new Labels(new int[items], device);
        Shape batch = [items, .. item.AsSpan()];
        var x = device is CpuDevice ? Tensor.Uniform(batch, 0, 1, rng, device) : Tensor.Zeros(batch, device);
        var y = model.Forward(x);
        var loss = y.CrossEntropy(labels);
        new BatchMetricsLog().Add(y, loss, labels);
        loss.Backward();
        optimizer.Step();
        optimizer.ZeroGrad();
        if (device is not CpuDevice) Evaluate(model, x);
        device.EmptyCache();
    }

    private static void Evaluate(Module model, Tensor x)
    {
        model.Eval();
        using var paused = GradMode.NoGrad();
        model.Forward(x);
    }
}
