using System.Diagnostics.CodeAnalysis;
using PyNetSharp.Data;

namespace PyNetSharp.Train;

internal sealed partial class WarmUpRun
{
    private const int RefreshMilliseconds = 100;        // milliseconds

    /// <summary>For what the network is made for: most data are like that.</summary>
    private void StartOnGpu(GpuDevice gpu) => Task.Run(() => Compile(gpu, network.Input, Classes, [recipe.BatchSize]));

    private void WaitForKernelsOnGpu(GpuDevice gpu, DataLoader train, DataLoader test, int classes, ConsoleOutput screen)
    {
        int[] batches = [.. ((DataLoader[])[train, test]).SelectMany(loader => BatchSizes(loader)).Distinct()];
        if (TryCompile(gpu, train.ItemShape, classes, batches) is not { Completion.IsCompleted: false } kernels) return;

        if (!screen.HasProgressBar) screen.WriteInfo(kernels.Count == 1 ? "compiling 1 kernel" : $"compiling {kernels.Count} kernels");
        screen.WithProgressBar("compiling kernels", kernels.Count, bar =>
        {
            while (!kernels.Completion.Wait(RefreshMilliseconds))
            {
                if (bar is null) continue;
                bar.Value = kernels.CompletedCount;
                bar.Description = $"compiling kernels  {kernels.CompletedCount} of {kernels.Count}";
            }
        });
    }

    /// <summary>How many items its batches have: the last one of an epoch may have fewer, and other tiles.</summary>
    private static IEnumerable<int> BatchSizes(DataLoader loader)
    {
        if (loader.Count >= loader.BatchSize) yield return loader.BatchSize;
        if (loader.Count % loader.BatchSize is > 0 and var rest) yield return rest;
    }

    [SuppressMessage("Design", "CA1031", Justification = "What is wrong shows again in the training itself.")]
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
