using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Elements by their indices along one axis.</summary>
public static class GatherExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Elements along an axis by their indices, as PyTorch's <c>gather</c>: for axis 1 of a matrix,
        /// y[i, j] = x[i, index[i, j]].
        /// </summary>
        /// <param name="axis">−1 is the last.</param>
        /// <param name="index">
        /// Each from 0 to the axis's extent − 1. Of the rank of <paramref name="x"/>, and along the other axes of
        /// extents that are not larger. <c>new Labels([n, 1], classes)</c> picks one score of each row.
        /// </param>
        /// <returns>A tensor shaped like <paramref name="index"/>.</returns>
        /// <exception cref="ShapeException">There is no such axis, or the indices' shape does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is not within the axis.</exception>
        /// <remarks>
        /// The indices are copied, so they may be overwritten afterwards. The gradients of an element that is taken
        /// several times are added in the order of the indices, which is the same at every run.
        /// </remarks>
        public Tensor Gather(int axis, Labels index)
        {
            ArgumentNullException.ThrowIfNull(index);
            return Gather(x, axis, index.Shape, index.Span.ToArray(), index.Source);
        }

        /// <summary>As the other overload, with whole numbers, such as those of <c>ArgMax</c>, as indices.</summary>
        /// <param name="axis">−1 is the last.</param>
        /// <param name="index">No gradient flows to it. On a GPU it is copied to the host, which waits for it.</param>
        /// <returns>A tensor shaped like <paramref name="index"/>.</returns>
        /// <exception cref="ShapeException">There is no such axis, or the indices' shape does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">
        /// An index is no whole number, or not within the axis.
        /// </exception>
        public Tensor Gather(int axis, Tensor index)
        {
            ArgumentNullException.ThrowIfNull(index);
            return Gather(x, axis, index.Shape, WholeNumbers.Of("Gather", nameof(index), index), index);
        }
    }

    private static Tensor Gather(Tensor x, int axis, Shape shape, int[] indices, Tensor? source)
    {
        var i = Axes.Resolve("Gather", x.Shape, axis);
        if (shape.Rank != x.Rank || Enumerable.Range(0, x.Rank).Any(d => d != i && shape[d] > x.Shape[d]))
            throw new ShapeException(FormattableString.Invariant(
                $"Gather: indices {shape} do not fit {x.Shape}: they need its rank, and apart from axis {i} ") +
                "extents up to its.");
        foreach (var index in indices)
            if ((uint)index >= (uint)x.Shape[i])
                throw new ArgumentOutOfRangeException(nameof(indices), index, FormattableString.Invariant(
                    $"Gather: the index {index} is outside 0 … {x.Shape[i] - 1}, axis {i} of {x.Shape}."));

        using var part = new TemporaryTensor(IsSmaller() ? x[Extents()] : x, borrowed: x);
        return new GatherOp(i, shape, indices) { IndexSource = source }.Apply(part);

        bool IsSmaller() => Enumerable.Range(0, x.Rank).Any(d => d != i && shape[d] < x.Shape[d]);

        TensorIndex[] Extents() =>
            [.. Enumerable.Range(0, x.Rank).Select(d => (TensorIndex)(d == i ? .. : ..shape[d]))];
    }
}

/// <summary>Numbers in a tensor as ints.</summary>
internal static class WholeNumbers
{
    /// <summary>The elements in logical order; of a GPU's tensor the host waits for them.</summary>
    /// <param name="op">The op, for messages.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="x">Holds whole numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException">An element is no whole number, or no int.</exception>
    public static int[] Of(string op, string name, Tensor x)
    {
        var values = x.ToArray();
        var numbers = new int[values.Length];
        foreach (var (i, value) in values.Index())
        {
            numbers[i] = (int)value;
            if (numbers[i] != value || numbers[i] == int.MaxValue)
                throw new ArgumentOutOfRangeException(
                    name, value.ToString(CultureInfo.InvariantCulture), $"{op}: a whole number was expected.");
        }

        return numbers;
    }
}

/// <remarks>
/// Stored are [outer, n, inner], where n is the axis, and of indices and result [outer, count, inner].
/// </remarks>
internal sealed class GatherOp(int axis, Shape shape, int[] logicalIndices) : Op
{
    private const int GrainSize = 1 << 15;          // elements that one CPU thread takes at a time
    private const int BlockColumns = 1 << 8;

    private Shape input = null!;
    private int outer, n, count, inner;
    private Labels indices = null!;                 // in the order of storage

    /// <summary>The tensor whose elements are the indices, if it is known.</summary>
    public Tensor? IndexSource { get; init; }

    protected internal override bool IsPure => IndexSource is null;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        input = x[0].Shape;
        int[] stored = [.. Layout.StorageOrder(input.Rank)];
        var at = Array.IndexOf(stored, axis);
        (outer, n, count, inner) = (Product(stored[..at]), input[axis], shape[axis], Product(stored[(at + 1)..]));
        indices = new(InStorageOrder());
        return shape;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var from = x[0];
        if (!y.IsOnCpu)
        {
            GatherOnGpu(from, y);
            return;
        }

        y.Cpu.ForRanges(outer * count, Math.Max(1, GrainSize / Math.Max(1, inner)), (first, rows) =>
        {
            for (var i = first; i < first + rows; i++)
            {
                ReadOnlySpan<float> source = from.Span[(i / count * n * inner)..];
                var index = indices.Span.Slice(i * inner, inner);
                var to = y.Span.Slice(i * inner, inner);
                for (var j = 0; j < to.Length; j++) to[j] = source[index[j] * inner + j];
            }
        });
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var index = IndexSource is { } source
            ? graph.Cast(graph.Of(source), OnnxGraph.Int64)
            : OnnxValue.Integers(shape, logicalIndices);
        return graph.Add("GatherElements", [x[0], index], ("axis", axis));
    }

    /// <summary>dx of an element is the sum of dy over the positions where it was taken.</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(input, dy.Device);
        if (!dx.IsOnCpu)
        {
            AddOnGpu(dy, dx);
            return [dx];
        }

        var columnBlocks = (inner + BlockColumns - 1) / BlockColumns;
        var width = Math.Min(inner, BlockColumns);
        var grain = Math.Max(1, GrainSize / Math.Max(1, (n + count) * width));
        dx.Cpu.ForRanges(outer * columnBlocks, grain, (first, blocks) =>
        {
            var sums = ArrayPool<double>.Shared.Rent(n * width);
            for (var i = first; i < first + blocks; i++)
            {
                var (o, block) = Math.DivRem(i, columnBlocks);
                var column = block * BlockColumns;
                AddColumns(dy, o, column, Math.Min(width, inner - column), sums, dx);
            }

            ArrayPool<double>.Shared.Return(sums);
        });
        return [dx];
    }

    private void AddColumns(Tensor dy, int o, int column, int width, Span<double> sums, Tensor dx)
    {
        sums[..(n * width)].Clear();
        for (var row = o * count; row < (o + 1) * count; row++)
        {
            var index = indices.Span.Slice(row * inner + column, width);
            ReadOnlySpan<float> gradient = dy.Span.Slice(row * inner + column, width);
            for (var j = 0; j < width; j++) sums[index[j] * width + j] += gradient[j];
        }

        for (var row = 0; row < n; row++)
        {
            var to = dx.Span.Slice((o * n + row) * inner + column, width);
            for (var j = 0; j < width; j++) to[j] = (float)sums[row * width + j];
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GatherOnGpu(Tensor x, Tensor y) => y.Gpu.LaunchItems(
        y.Shape.Size, new GatherKernel(x.View, indices.ViewOn(y.Device), n, count, inner, y.View));

    /// <summary>One thread adds all gradients of one column, in order; so no two threads write one element.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddOnGpu(Tensor dy, Tensor dx)
    {
        using var errors = new TemporaryTensor(dx.Shape, dx.Device);
        dx.Device.Fill(dx.Storage, dx.Shape.Size, 0);
        dx.Device.Fill(errors.Tensor.Storage, dx.Shape.Size, 0);
        dx.Gpu.LaunchItems(outer * inner, new GatherGradientKernel(
            dy.View, indices.ViewOn(dx.Device), n, count, inner, errors.Tensor.View, dx.View));
        dx.Device.Accumulate(errors.Tensor.Storage, dx.Storage, dx.Shape.Size);
    }

    private int[] InStorageOrder()
    {
        if (Layout.IsContiguous(shape)) return logicalIndices;
        var stored = new int[logicalIndices.Length];
        var (channels, pixels) = (shape[1], shape[2] * shape[3]);
        for (var i = 0; i < stored.Length; i++)
        {
            var (image, rest) = Math.DivRem(i, channels * pixels);
            var (channel, pixel) = Math.DivRem(rest, pixels);
            stored[(image * pixels + pixel) * channels + channel] = logicalIndices[i];
        }

        return stored;
    }

    private int Product(int[] axes) => axes.Aggregate(1, (product, i) => product * input[i]);
}

/// <summary>[outer, n, inner] → [outer, count, inner]</summary>
internal readonly struct GatherKernel(
    ArrayView<float> x, ArrayView<int> indices, int n, int count, int inner, ArrayView<float> y) : IItemKernel
{
    public void Run(int i) => y[i] = x[(i / (count * inner) * n + indices[i]) * inner + i % inner];
}

/// <summary>[outer, count, inner] → [outer, n, inner], with the rounding error of each sum.</summary>
/// <remarks>Both are full of zeros before. The error is Neumaier's, as in <see cref="CompensatedSum"/>.</remarks>
internal readonly struct GatherGradientKernel(
    ArrayView<float> dy, ArrayView<int> indices, int n, int count, int inner, ArrayView<float> errors,
    ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        int o = i / inner, column = i % inner, position = o * count * inner + column;
        for (var k = 0; k < count; k++, position += inner)
        {
            var target = (o * n + indices[position]) * inner + column;
            float value = dy[position], sum = dx[target], next = sum + value, added = next - sum;
            var error = (sum - (next - added)) + (value - added);
            errors[target] += float.IsNaN(error) ? 0f : error;          // of an infinite sum
            dx[target] = next;
        }
    }
}
