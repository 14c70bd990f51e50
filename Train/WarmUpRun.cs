using System.Diagnostics.CodeAnalysis;
using PyNetSharp.Data;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>
/// One step of the network on random images, in parallel with the reading of the data, so that the JIT has compiled the
/// code of the first real step, and a GPU's driver its kernels.
/// </summary>
/// <remarks>Its result is compiled code only, so its failure is ignored.</remarks>
internal sealed class WarmUpRun
{
    /// <summary>Of the network on the CPU: wide enough for the same kernels, with a sixteenth of the weights.</summary>
    private const double CpuWidthMultiplier = 0.25;

    private const int BatchSize = 16, Classes = 10, RefreshMilliseconds = 100;

    private readonly NetworkDefinition network;
    private readonly Recipe recipe;
    private readonly Device device;

    /// <summary>Begins, and returns at once.</summary>
    public WarmUpRun(NetworkDefinition network, Recipe recipe, Device device)
    {
        (this.network, this.recipe, this.device) = (network, recipe, device);
        if (device is CpuDevice)
            Task.Run(() => Step(new CpuDevice(threads: 1), network.Input, Classes, BatchSize, CpuWidthMultiplier));
        else StartOnGpu((GpuDevice)device);
    }

    /// <summary>
    /// Returns when a GPU's kernels for these data are compiled, and displays the progress; at once for the CPU, where
    /// the JIT compiles during the first steps.
    /// </summary>
    public void WaitForKernels(
        DataLoader train, DataLoader test, int classes, ConsoleOutput screen, CancellationToken cancellation)
    {
        if (device is GpuDevice gpu) WaitForKernelsOnGpu(gpu, train, test, classes, screen, cancellation);
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

    /// <summary>For the input that the network is made for, which most data sets have.</summary>
    private void StartOnGpu(GpuDevice gpu)
    {
        // A larger width may be that of a file's metadata, which are checked when the data have been read.
        if (recipe.WidthMultiplier <= network.Recipe.WidthMultiplier)
            Task.Run(() => Compile(gpu, network.Input, Classes, [recipe.BatchSize]));
    }

    private void WaitForKernelsOnGpu(
        GpuDevice gpu, DataLoader train, DataLoader test, int classes, ConsoleOutput screen,
        CancellationToken cancellation)
    {
        int[] batches = [.. ((DataLoader[])[train, test]).SelectMany(BatchSizes).Distinct()];
        if (TryCompile(gpu, train.ItemShape, classes, batches) is not { Completion.IsCompleted: false } kernels) return;

        if (!screen.HasProgressBar)
            screen.WriteInfo($"compiling {NumberFormatting.Count(kernels.Count, "kernel")}");
        screen.WithProgressBar("compiling kernels", kernels.Count, bar =>
        {
            while (!kernels.Completion.Wait(RefreshMilliseconds) && !cancellation.IsCancellationRequested)
            {
                if (bar is null) continue;
                bar.Value = kernels.CompletedCount;
                bar.Description = $"compiling kernels  {kernels.CompletedCount} of {kernels.Count}";
            }
        });
    }

    /// <summary>The sizes of its batches: the last one of an epoch may be smaller, and need other tiles.</summary>
    private static IEnumerable<int> BatchSizes(DataLoader loader)
    {
        if (loader.Count >= loader.BatchSize) yield return loader.BatchSize;
        if (loader.Count % loader.BatchSize is > 0 and var rest) yield return rest;
    }

    [SuppressMessage("Design", "CA1031", Justification = "The fault recurs in the training itself.")]
    private KernelCompilation? TryCompile(GpuDevice gpu, Shape item, int classes, int[] batches)
    {
        try
        {
            return Compile(gpu, item, classes, batches);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private KernelCompilation Compile(GpuDevice gpu, Shape item, int classes, int[] batches) => gpu.Precompile(there =>
    {
        foreach (var items in batches) Step(there, item, classes, items, recipe.WidthMultiplier);
    });
}
