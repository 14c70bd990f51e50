using System.Diagnostics;
using PyNetSharp.Data;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>Measures the time of each layer in a forward pass.</summary>
internal static class LayerTimes
{
    private const int Passes = 5;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The median over some passes of the first batch: from the end of the layer before to the layer's own. Layers are
    /// computed one after the other, so none is fused with the next.
    /// </summary>
    /// <param name="model">In whatever mode; it keeps it.</param>
    /// <param name="layers">As <see cref="ModelSummary"/> lists them.</param>
    /// <param name="loader">Its first batch is taken.</param>
    /// <param name="items">The items of that batch.</param>
    /// <returns>The layers with their times; without, if they are not called as they are listed.</returns>
    public static IReadOnlyList<ReportedLayer> Measure(
        Module model, IReadOnlyList<LayerSummary> layers, DataLoader loader, out int items)
    {
        using var paused = GradMode.NoGrad();
        using var evaluating = model.Evaluating();
        LayerSummary[] leaves = [.. layers.Where(layer => layer is { IsLeaf: true, IsParameter: false })];
        var (ends, passes, start) = (new List<long>(), new List<double[]>(), Stopwatch.GetTimestamp());
        items = 0;
        var batch = loader.Epoch(0).First();
        items = batch.Count;
        var hooks = new List<IDisposable>();
        try
        {
            foreach (var module in leaves.Select(leaf => leaf.Module).Distinct())
                hooks.Add(module.RegisterForwardHook((_, y) =>
                {
                    y.Device.Synchronize();
                    ends.Add(Stopwatch.GetTimestamp());
                }));
            while (passes.Count < Passes && (passes.Count == 0 || Stopwatch.GetElapsedTime(start) < Longest))
            {
                ends.Clear();
                var begin = Stopwatch.GetTimestamp();
                model.Forward(batch.X).Release();
                long[] all = [begin, .. ends];
                passes.Add([.. ends.Select((end, i) => Stopwatch.GetElapsedTime(all[i], end).TotalSeconds)]);
            }
        }
        finally
        {
            foreach (var hook in hooks) hook.Dispose();
        }

        if (ends.Count != leaves.Length) return WithoutTimes(layers);
        var times = leaves.Select((_, i) => Median(passes.Select(pass => pass[i])));
        return [.. leaves.Zip(times, (leaf, seconds) => new ReportedLayer(leaf, seconds))];
    }

    /// <summary>The layers, where no time is measured.</summary>
    public static IReadOnlyList<ReportedLayer> WithoutTimes(IReadOnlyList<LayerSummary> layers) =>
        [.. layers.Where(layer => layer is { IsLeaf: true }).Select(layer => new ReportedLayer(layer))];

    private static double Median(IEnumerable<double> values) =>
        values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;
}
