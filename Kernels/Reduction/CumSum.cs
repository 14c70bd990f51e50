using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Cumulative sums.</summary>
public static class CumSumExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Cumulative sums along an axis, as PyTorch's <c>cumsum</c>: element i is x₀ + x₁ + … + xᵢ.
        /// </summary>
        /// <param name="axis">−1 is the last.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        /// <remarks>
        /// CPUs add in double, GPUs with compensation, one element after the other, so that late elements are as
        /// precise as early ones. A NaN or an infinity reaches all that follow it. On the CPU, rows share the threads;
        /// a single row is added by one.
        /// </remarks>
        public Tensor CumSum(int axis) => new CumSumOp(Axes.Resolve("CumSum", x.Shape, axis)).Apply(x);
    }
}

/// <remarks>Stored are [outer, n, inner], where n is the axis.</remarks>
internal sealed class CumSumOp(int axis) : Op
{
    private const int GrainSize = 1 << 14;          // floats that one CPU thread takes at a time
    private const int BlockColumns = 1 << 7;
    private const int SliceLength = 1 << 7;         // what one thread of a GPU adds

    private Shape shape = null!;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => shape = x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Run(x[0], y, isReversed: false);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add("CumSum", [x[0], OnnxValue.Index(axis)]);

    /// <summary>The sums of dy from each element to the last.</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(shape, dy.Device);
        Run(dy, dx, isReversed: true);
        return [dx];
    }

    private void Run(Tensor x, Tensor y, bool isReversed)
    {
        var layout = new ReductionLayout(shape, [.. shape.Select((_, i) => i == axis)]);
        if (shape.Size == 0) return;
        if (y.IsOnCpu) RunOnCpu(x, layout.Outer, layout.N, layout.Inner, isReversed, y);
        else RunOnGpu(x, layout.Outer, layout.N, layout.Inner, isReversed, y);
    }

    private static void RunOnCpu(Tensor x, int outer, int n, int inner, bool isReversed, Tensor y)
    {
        var columnBlocks = (inner + BlockColumns - 1) / BlockColumns;
        var grain = Math.Max(1, GrainSize / Math.Max(1, n * Math.Min(inner, BlockColumns)));
        y.Cpu.ForRanges(outer * columnBlocks, grain, (first, count) =>
        {
            Span<double> buffer = stackalloc double[BlockColumns];
            for (var i = first; i < first + count; i++)
            {
                var (o, block) = Math.DivRem(i, columnBlocks);
                var column = block * BlockColumns;
                var sums = buffer[..Math.Min(BlockColumns, inner - column)];
                sums.Clear();
                for (var row = 0; row < n; row++)
                {
                    var start = (o * n + (isReversed ? n - 1 - row : row)) * inner + column;
                    AddRow(x.Span.Slice(start, sums.Length), sums, y.Span.Slice(start, sums.Length));
                }
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(ReadOnlySpan<float> x, Span<double> sums, Span<float> y)
    {
        for (var j = 0; j < y.Length; j++)
        {
            sums[j] += x[j];
            y[j] = (float)sums[j];
        }
    }

    /// <summary>Long sums in slices, each of which begins with the sum of those before it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnGpu(Tensor x, int outer, int n, int inner, bool isReversed, Tensor y)
    {
        var slices = (n + SliceLength - 1) / SliceLength;
        var extents = new CumSumExtents(n, inner, slices, SliceLength, isReversed ? 1 : 0);
        if (slices == 1)
        {
            y.Gpu.LaunchItems(outer * inner, new CumSumKernel(x.View, extents, x.View, y.View));
            return;
        }

        using var sums = new TemporaryTensor([outer, slices, inner], x.Device);
        using var starts = new TemporaryTensor([outer, slices, inner], x.Device);
        y.Gpu.LaunchItems(outer * slices * inner, new CumSumSliceKernel(x.View, extents, sums.Tensor.View));
        RunOnGpu(sums, outer, slices, inner, isReversed, starts);
        y.Gpu.LaunchItems(
            outer * slices * inner, new CumSumKernel(x.View, extents, starts.Tensor.View, y.View));
    }
}

/// <summary>[outer, n, inner], of which n is cut into slices; a thread adds one of them.</summary>
/// <param name="reversed">1 if sums begin at the end, 0 if not.</param>
internal readonly struct CumSumExtents(int n, int inner, int slices, int depth, int reversed)
{
    /// <summary>The rows of the slice of thread <paramref name="i"/>.</summary>
    public int Count(int i) => IntrinsicMath.Min(depth, n - Slice(i) * depth);

    /// <summary>The offset of the row that is added as number <paramref name="k"/> of the slice.</summary>
    public int Offset(int i, int k)
    {
        int slice = Slice(i), row = reversed == 0 ? slice * depth + k : slice * depth + Count(i) - 1 - k;
        return (i / (slices * inner) * n + row) * inner + i % inner;
    }

    /// <summary>Whether other slices of its column come before that of thread <paramref name="i"/>.</summary>
    public bool HasStart(int i) => reversed == 0 ? Slice(i) > 0 : Slice(i) < slices - 1;

    /// <summary>Where the sum of those is, among all sums up to a slice's end.</summary>
    public int StartOf(int i) => reversed == 0 ? i - inner : i + inner;

    private int Slice(int i) => i / inner % slices;
}

/// <summary>The sum of each slice: [outer, n, inner] → [outer, slices, inner].</summary>
internal readonly struct CumSumSliceKernel(ArrayView<float> x, CumSumExtents extents, ArrayView<float> sums)
    : IItemKernel
{
    public void Run(int i)
    {
        var total = new CompensatedSum();
        var count = extents.Count(i);
        for (var k = 0; k < count; k++) total.Add(x[extents.Offset(i, k)]);
        sums[i] = total.Total;
    }
}

/// <summary>The sums up to each element of a slice.</summary>
internal readonly struct CumSumKernel(
    ArrayView<float> x, CumSumExtents extents, ArrayView<float> starts, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var total = new CompensatedSum();
        if (extents.HasStart(i)) total.Add(starts[extents.StartOf(i)]);
        var count = extents.Count(i);
        for (var k = 0; k < count; k++)
        {
            var offset = extents.Offset(i, k);
            total.Add(x[offset]);
            y[offset] = total.Total;
        }
    }
}
