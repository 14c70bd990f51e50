using System.Diagnostics.CodeAnalysis;

namespace PyNetSharp;

internal sealed partial class Rehearsal
{
    private const int Refresh = 100;        // milliseconds

    /// <summary>For what the network is made for: most data are like that.</summary>
    private void BeginOnGpu(GpuDevice gpu) => Task.Run(() => Compile(gpu, network.Input, Classes, [recipe.BatchSize]));

    private void FinishOnGpu(GpuDevice gpu, Loader train, Loader test, int classes, Screen screen)
    {
        int[] batches = [.. ((Loader[])[train, test]).SelectMany(loader => Batches(loader)).Distinct()];
        if (TryCompile(gpu, train.ItemShape, classes, batches) is not { Completion.IsCompleted: false } kernels) return;

        if (!screen.HasBar) screen.Say(kernels.Count == 1 ? "compiling 1 kernel" : $"compiling {kernels.Count} kernels");
        screen.WithBar("compiling kernels", kernels.Count, bar =>
        {
            while (!kernels.Completion.Wait(Refresh))
            {
                if (bar is null) continue;
                bar.Value = kernels.Done;
                bar.Description = $"compiling kernels  {kernels.Done} of {kernels.Count}";
            }
        });
    }

    /// <summary>How many items its batches have: the last one of an epoch may have fewer, and other tiles.</summary>
    private static IEnumerable<int> Batches(Loader loader)
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

    private KernelCompilation Compile(GpuDevice gpu, Shape item, int classes, int[] batches) => gpu.Rehearse(there =>
    {
        foreach (var items in batches) Step(there, item, classes, items, recipe.Width);
    });
}
