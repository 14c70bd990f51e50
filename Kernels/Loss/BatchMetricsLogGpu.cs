using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

public sealed partial class BatchMetricsLog
{
    private readonly List<(int Items, int Classes)> pending = [];       // of each batch on the sheet
    private Tensor? deviceMetrics;                          // a row of ScoreNoteKernel.Columns numbers per batch

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddOnGpu(Tensor scores, Tensor loss, Labels labels)
    {
        if (pending.Count == Capacity || deviceMetrics?.Device != scores.Device) FetchFromGpu();
        if (deviceMetrics?.Device != scores.Device) deviceMetrics = Tensor.Zeros([Capacity, BatchMetricsKernel.Columns], scores.Device);
        scores.Gpu.LaunchGroups(new(1, 1, 1), new BatchMetricsKernel(
            scores.View, labels.ViewOn(scores.Device), loss.View, scores.Shape[1],
            deviceMetrics.View.SubView(pending.Count * BatchMetricsKernel.Columns, BatchMetricsKernel.Columns)));
        pending.Add((labels.Count, scores.Shape[1]));
    }

    private void FetchFromGpu()
    {
        if (pending.Count == 0) return;
        (int, int)[] noted = [.. pending];
        pending.Clear();                            // at first: a device that has failed is asked once
        var numbers = deviceMetrics!.ToArray();
        foreach (var (i, (items, classes)) in noted.Index())
        {
            var row = numbers.AsSpan(i * BatchMetricsKernel.Columns, BatchMetricsKernel.Columns);
            var isFlat = (classes > 1 && row[2] == 0) || (items > 1 && row[3] == 0);
            metrics.Add(new(items, row[0], (int)row[1], isFlat));
        }
    }
}

/// <summary>A row of the sheet: the loss, and how many rows of scores are right, vary over the classes, differ from the first.</summary>
internal readonly struct BatchMetricsKernel(
    ArrayView<float> scores, ArrayView<int> labels, ArrayView<float> loss, int classes, ArrayView<float> metrics) : IGroupKernel
{
    public const int Columns = 4;
    private const int Infinity = 0x7F800000;        // its bits; those of every NaN, less the sign, are above

    public static int Threads => 256;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(256);
        var lane = Group.IdxX;
        int rights = 0, varied = 0, differed = 0;
        for (var item = lane; item < labels.IntLength; item += 256)
        {
            int start = item * classes, best = 0, nans = 0, varies = 0, differs = 0;
            for (var k = 0; k < classes; k++)
            {
                var score = scores[start + k];
                if (score > scores[start + best]) best = k;
                if ((BitConverter.SingleToInt32Bits(score) & int.MaxValue) > Infinity) nans = 1;
                if (score != scores[start]) varies = 1;
                if (score != scores[k]) differs = 1;
            }

            if (best == labels[item] && nans == 0) rights++;
            varied += varies | nans;            // a NaN differs from all; comparisons of it are not relied upon
            differed += differs | nans;
        }

        float right = GroupReduction.Sum(lanes, rights), varying = GroupReduction.Sum(lanes, varied), differing = GroupReduction.Sum(lanes, differed);
        if (lane != 0) return;
        metrics[0] = loss[0];
        metrics[1] = right;
        metrics[2] = varying;
        metrics[3] = differing;
    }
}
