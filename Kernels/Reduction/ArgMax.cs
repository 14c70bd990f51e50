using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Where the extremes are. No gradient flows through these.</summary>
public static class ArgMaxExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// The index of the largest element along an axis, as PyTorch's <c>argmax</c>: the first of equals, or the
        /// first NaN.
        /// </summary>
        /// <param name="axis">−1 is the last. <c>x.Reshape(-1).ArgMax(0)</c> is the index among all elements.</param>
        /// <param name="keepDims">Whether the axis is kept with extent 1; otherwise it is removed.</param>
        /// <returns>Whole numbers; in no graph. For class numbers as int, see <c>ArgMax()</c>.</returns>
        /// <exception cref="ShapeException">
        /// There is no such axis, or its extent is 0, or above 2²⁴: a float would not hold every index.
        /// </exception>
        public Tensor ArgMax(int axis, bool keepDims = false) =>
            IndicesOf<MaxReduction>(x, "ArgMax", axis, keepDims);

        /// <summary>
        /// The index of the smallest element along an axis, as PyTorch's <c>argmin</c>: the first of equals, or the
        /// first NaN.
        /// </summary>
        /// <inheritdoc cref="ArgMax(Tensor, int, bool)"/>
        public Tensor ArgMin(int axis, bool keepDims = false) =>
            IndicesOf<MinReduction>(x, "ArgMin", axis, keepDims);
    }

    private static Tensor IndicesOf<T>(Tensor x, string name, int axis, bool keepDims) where T : struct, IExtremum
    {
        const int maxExtent = 1 << 24;
        var reduced = Axes.Mask(name, x.Shape, [axis]);
        var layout = new ReductionLayout(x.Shape, reduced, inRows: true);
        if (layout.N is 0 or > maxExtent)
            throw new ShapeException(FormattableString.Invariant(
                $"{name}: axis {axis} of {x.Shape} has {layout.N} elements, not 1 to {maxExtent}."));

        var y = new Tensor([.. x.Shape.Select((extent, i) => reduced[i] ? 1 : extent)], x.Device);
        using (var rows = new TemporaryTensor(layout.Read(x)))
            if (y.IsOnCpu) RunOnCpu<T>(rows, layout.N, y);
            else RunOnGpu<T>(rows, layout.N, y);
        GC.KeepAlive(x);
        if (!GradMode.InBackward) y.RetainForCaller();
        return Axes.DropReduced("ArgMax", y, x.Shape, reduced, keepDims);
    }

    private static void RunOnCpu<T>(Tensor rows, int n, Tensor y) where T : struct, IExtremum
    {
        const int grainSize = 1 << 15;
        y.Cpu.ForRanges(y.Shape.Size, Math.Max(1, grainSize / n), (first, count) =>
        {
            for (var i = first; i < first + count; i++)
            {
                ReadOnlySpan<float> row = rows.Span.Slice(i * n, n);
                y.Span[i] = row.IndexOf(T.Of(row));     // 0 and −0 are equal; NaN is found
            }
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnGpu<T>(Tensor rows, int n, Tensor y) where T : struct, IExtremum =>
        y.Gpu.LaunchGroups(new(y.Shape.Size, 1, 1), new ArgExtremumKernel<T>(rows.View, n, y.View));
}

/// <summary>The index of the extreme of each row, the first of equals: one group of threads per row.</summary>
internal readonly struct ArgExtremumKernel<T>(ArrayView<float> x, int n, ArrayView<float> y) : IGroupKernel
    where T : struct, IExtremum
{
    public static int Threads => 256;

    public void Run()
    {
        var values = SharedMemory.Allocate<float>(256);
        var indices = SharedMemory.Allocate<int>(256);
        var (thread, start) = (Group.IdxX, Grid.IdxX * n);
        var (kept, index) = (T.Neutral, n);
        for (var i = thread; i < n; i += 256)
        {
            var value = x[start + i];
            if (index != n && !T.Replaces(value, kept)) continue;
            kept = value;
            index = i;
        }

        values[thread] = kept;
        indices[thread] = index;
        Group.Barrier();
        for (var half = 128; half > 0; half >>= 1)
        {
            if (thread < half)
            {
                float other = values[thread + half], own = values[thread];
                int otherIndex = indices[thread + half], ownIndex = indices[thread];
                if (T.Replaces(other, own) || (!T.Replaces(own, other) && otherIndex < ownIndex))
                {
                    values[thread] = other;
                    indices[thread] = otherIndex;
                }
            }

            Group.Barrier();        // outside the branch: all threads must reach it
        }

        if (thread == 0) y[Grid.IdxX] = indices[0];
    }
}
