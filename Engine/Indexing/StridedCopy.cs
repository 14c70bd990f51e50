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
internal sealed class StridedCopy
{
    private const int GrainSize = 1 << 15;          // elements that one CPU thread copies at a time
    private const int MaxKernelAxes = 4;            // of one launch on a GPU; more axes take several launches

    private readonly int startFrom, startTo;
    private readonly StridedAxis[] axes;            // none if there is nothing to copy
    private readonly StridedAxis[] outer;           // those around the tile
    private readonly StridedTile tile;

    /// <param name="source">The elements to be read.</param>
    /// <param name="target">Of the same extents, where they are written.</param>
    public StridedCopy(StridedView source, StridedView target)
    {
        (startFrom, startTo) = (source.Start, target.Start);
        axes = source.Shape.Size == 0 ? [] : MergeAxes(source, target);
        outer = [];
        if (axes.Length == 0) return;
        (outer, var rows, var columns) = StridedTile.ChooseAxes(axes);
        tile = new(rows, columns, GrainSize);
    }

    /// <summary>Copies once.</summary>
    public static void Run(Tensor from, StridedView source, Tensor to, StridedView target) =>
        new StridedCopy(source, target).Run(from, to);

    /// <summary>Copies between tensors of the shapes that the views are of.</summary>
    public void Run(Tensor from, Tensor to)
    {
        if (axes.Length == 0) return;
        if (to.IsOnCpu) RunOnCpu(from, to);
        else RunOnGpu(from, startFrom, to, startTo, axes);
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

    private unsafe void RunOnCpu(Tensor from, Tensor to) => to.Cpu.ForRanges(
        Count(outer) * tile.RowTiles * tile.ColumnTiles, tile.PerGrain,
        new TilesBody(tile, outer, from.Pointer + startFrom, to.Pointer + startTo));

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

    private readonly unsafe struct TilesBody(StridedTile tile, StridedAxis[] outer, float* from, float* to) : IRangeBody
    {
        public void Run(int first, int n)
        {
            for (var i = first; i < first + n; i++)
            {
                var (row, column) = Math.DivRem(i, tile.ColumnTiles);
                (var index, row) = Math.DivRem(row, tile.RowTiles);
                var (offsetFrom, offsetTo) = Offsets(outer, index);
                tile.Copy(from + offsetFrom, to + offsetTo, row, column);
            }
        }
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
