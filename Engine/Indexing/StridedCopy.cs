using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Copies the elements of one view to another: slices, permutations, concatenations, repetitions.</summary>
/// <remarks>
/// Axes that both views pass with one stride are merged, and the loops run in the order in which the target is stored.
/// Where both sides are contiguous along the innermost axis, rows are copied; where each is contiguous along another
/// axis, tiles that keep both in the L1 cache are transposed.
/// </remarks>
internal static class StridedCopy
{
    private const int GrainSize = 1 << 15;          // elements that one CPU thread copies at a time
    private const int MaxKernelAxes = 4;            // of one launch on a GPU; more axes take several launches

    /// <summary>Copies all elements of <paramref name="source"/>, a view of <paramref name="from"/>.</summary>
    /// <param name="target">A view of <paramref name="to"/> of the same extents, each element once.</param>
    public static void Run(Tensor from, StridedView source, Tensor to, StridedView target)
    {
        if (source.Shape.Size == 0) return;
        var axes = MergeAxes(source, target);
        if (to.IsOnCpu) RunOnCpu(from, source.Start, to, target.Start, axes);
        else RunOnGpu(from, source.Start, to, target.Start, axes);
    }

    /// <summary>At least one axis, outermost in the target first.</summary>
    private static StridedAxis[] MergeAxes(StridedView source, StridedView target)
    {
        List<StridedAxis> axes = [];
        for (var i = 0; i < source.Extents.Length; i++)
            if (source.Extents[i] != 1) axes.Add(new(source.Extents[i], source.Strides[i], target.Strides[i]));
        axes.Sort((a, b) => b.To.CompareTo(a.To));
        for (var i = axes.Count - 1; i > 0; i--)
        {
            var (outer, inner) = (axes[i - 1], axes[i]);
            if (outer.From != inner.From * inner.Extent || outer.To != inner.To * inner.Extent) continue;
            axes[i - 1] = new(outer.Extent * inner.Extent, inner.From, inner.To);
            axes.RemoveAt(i);
        }

        return axes.Count > 0 ? [.. axes] : [new(1, 1, 1)];
    }

    private static unsafe void RunOnCpu(Tensor from, int startFrom, Tensor to, int startTo, StridedAxis[] axes)
    {
        var (outer, rows, columns) = StridedTile.ChooseAxes(axes);
        var tile = new StridedTile(rows, columns, GrainSize);
        int rowTiles = tile.RowTiles, columnTiles = tile.ColumnTiles;
        float* source = from.Pointer + startFrom, target = to.Pointer + startTo;
        to.Cpu.ForRanges(Count(outer) * rowTiles * columnTiles, tile.PerGrain, (first, n) =>
        {
            for (var i = first; i < first + n; i++)
            {
                var (row, column) = Math.DivRem(i, columnTiles);
                (var index, row) = Math.DivRem(row, rowTiles);
                var (offsetFrom, offsetTo) = Offsets(outer, index);
                tile.Copy(source + offsetFrom, target + offsetTo, row, column);
            }
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnGpu(Tensor from, int startFrom, Tensor to, int startTo, StridedAxis[] axes)
    {
        StridedAxis[] inner =
        [
            .. Enumerable.Repeat(new StridedAxis(1, 0, 0), Math.Max(0, MaxKernelAxes - axes.Length)),
            .. axes.TakeLast(MaxKernelAxes),
        ];
        var outer = axes[..Math.Max(0, axes.Length - MaxKernelAxes)];
        for (var i = 0; i < Count(outer); i++)
        {
            var (offsetFrom, offsetTo) = Offsets(outer, i);
            to.Gpu.LaunchItems(Count(inner), new StridedCopyKernel(
                inner[0], inner[1], inner[2], inner[3],
                from.View, startFrom + offsetFrom, to.View, startTo + offsetTo));
        }
    }

    private static int Count(StridedAxis[] axes)
    {
        var count = 1;
        foreach (var axis in axes) count *= axis.Extent;
        return count;
    }

    /// <summary>Where element <paramref name="index"/> of these axes is on each side.</summary>
    private static (int From, int To) Offsets(StridedAxis[] axes, int index)
    {
        var (from, to) = (0, 0);
        for (var i = axes.Length - 1; i >= 0; i--)
        {
            (index, var at) = Math.DivRem(index, axes[i].Extent);
            (from, to) = (from + at * axes[i].From, to + at * axes[i].To);
        }

        return (from, to);
    }
}

/// <summary>An axis of a copy: its extent, and its strides in the source and in the target.</summary>
internal readonly struct StridedAxis(int extent, int from, int to)
{
    public int Extent { get; } = extent;

    public int From { get; } = from;

    public int To { get; } = to;
}

/// <summary>One element per thread; the axes x0 … x3 are in the order in which the target is stored.</summary>
internal readonly struct StridedCopyKernel(
    StridedAxis x0, StridedAxis x1, StridedAxis x2, StridedAxis x3,
    ArrayView<float> from, int startFrom, ArrayView<float> to, int startTo) : IItemKernel
{
    public void Run(int i)
    {
        int row2 = i / x3.Extent, row1 = row2 / x2.Extent, i0 = row1 / x1.Extent;
        int i3 = i - row2 * x3.Extent, i2 = row2 - row1 * x2.Extent, i1 = row1 - i0 * x1.Extent;
        var source = startFrom + i3 * x3.From + i2 * x2.From + i1 * x1.From + i0 * x0.From;
        var target = startTo + i3 * x3.To + i2 * x2.To + i1 * x1.To + i0 * x0.To;
        to[target] = from[source];
    }
}
