using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Rows by their numbers.</summary>
public static class IndexSelectExtensions
{
    extension(Tensor x)
    {
        /// <summary>The given indices of an axis, in the given order, as PyTorch's <c>index_select</c>.</summary>
        /// <param name="axis">−1 is the last.</param>
        /// <param name="indices">Each from 0 to the extent − 1, any number of times.</param>
        /// <returns>[3, 5] for [10, 5], axis 0 and three indices: rows of a table, such as an embedding's.</returns>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is not within the axis.</exception>
        /// <remarks>The gradients of a row that is taken several times are added in the order of the indices.</remarks>
        public Tensor IndexSelect(int axis, params ReadOnlySpan<int> indices)
        {
            var i = Axes.Resolve("IndexSelect", x.Shape, axis);
            foreach (var index in indices)
                if ((uint)index >= (uint)x.Shape[i])
                    throw new ArgumentOutOfRangeException(nameof(indices), index, FormattableString.Invariant(
                        $"IndexSelect: the index {index} is outside 0 … {x.Shape[i] - 1}, axis {i} of {x.Shape}."));
            return new IndexSelectOp(i, indices.ToArray()).Apply(x);
        }
    }
}

/// <remarks>Stored are [outer, n, inner], where n is the axis, and of the result [outer, count, inner].</remarks>
/// <param name="paddingIndex">An index that gets no gradient; null for none.</param>
internal sealed class IndexSelectOp(int axis, int[] indices, int? paddingIndex = null) : Op
{
    private const int GrainSize = 1 << 15;          // floats that one CPU thread takes at a time
    private const int BlockRows = 1 << 6;           // that are added in single precision
    private const int BlockColumns = 1 << 8;

    private Shape input = null!;
    private int outer, n, inner;

    /// <summary>The tensor whose elements are the indices, if it is known.</summary>
    public Tensor? IndexSource { get; init; }

    protected internal override bool IsPure => IndexSource is null;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        input = x[0].Shape;
        int[] stored = [.. Layout.StorageOrder(input.Rank)];
        var at = Array.IndexOf(stored, axis);
        (outer, n, inner) = (Product(stored[..at]), input[axis], Product(stored[(at + 1)..]));
        return [.. input.Select((extent, i) => i == axis ? indices.Length : extent)];
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var from = x[0];
        if (!y.IsOnCpu)
        {
            SelectOnGpu(from, y);
            return;
        }

        y.Cpu.ForRanges(outer * indices.Length, Math.Max(1, GrainSize / Math.Max(1, inner)), (first, count) =>
        {
            for (var i = first; i < first + count; i++)
            {
                var (o, position) = Math.DivRem(i, indices.Length);
                from.Span.Slice((o * n + indices[position]) * inner, inner).CopyTo(y.Span[(i * inner)..]);
            }
        });
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var index = IndexSource is { } source
            ? graph.Add("Reshape", [graph.Cast(graph.Of(source), OnnxGraph.Int64), OnnxValue.Integers(-1)])
            : OnnxValue.Integers(indices);
        return graph.Add("Gather", [x[0], index], ("axis", axis));
    }

    /// <summary>dx of a row is the sum of dy over the positions where it was taken.</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(input, dy.Device);
        var (starts, positions) = SortPositions();
        if (!dx.IsOnCpu)
        {
            AddOnGpu(dy, starts, positions, dx);
            return [dx];
        }

        var grain = Math.Max(1, GrainSize / Math.Max(1, inner * Math.Max(1, indices.Length / Math.Max(1, n))));
        dx.Cpu.ForRanges(outer * n, grain, (first, count) =>
        {
            for (var i = first; i < first + count; i++)
            {
                var (o, row) = Math.DivRem(i, n);
                var taken = positions.AsSpan(starts[row]..starts[row + 1]);
                for (var column = 0; column < inner; column += BlockColumns)
                    AddRows(
                        dy.Span[(o * indices.Length * inner + column)..], taken,
                        dx.Span.Slice(i * inner + column, Math.Min(BlockColumns, inner - column)));
            }
        });
        return [dx];
    }

    /// <summary>Adds in blocks, and the sums of the blocks in double.</summary>
    private void AddRows(ReadOnlySpan<float> dy, ReadOnlySpan<int> positions, Span<float> sum)
    {
        sum.Clear();
        if (positions.Length <= BlockRows)
        {
            AddBlock(dy, positions, sum);
            return;
        }

        Span<double> totals = stackalloc double[BlockColumns];
        totals.Clear();
        for (; !positions.IsEmpty; positions = positions[Math.Min(BlockRows, positions.Length)..])
        {
            sum.Clear();
            AddBlock(dy, positions[..Math.Min(BlockRows, positions.Length)], sum);
            for (var j = 0; j < sum.Length; j++) totals[j] += sum[j];
        }

        for (var j = 0; j < sum.Length; j++) sum[j] = (float)totals[j];
    }

    private void AddBlock(ReadOnlySpan<float> dy, ReadOnlySpan<int> positions, Span<float> sum)
    {
        foreach (var position in positions)
            TensorPrimitives.Add(sum, dy.Slice(position * inner, sum.Length), sum);
    }

    /// <summary>
    /// The positions of every index but that of padding in increasing order, one index after the other (counting sort).
    /// </summary>
    /// <returns>Those of index i are from Starts[i] to Starts[i + 1].</returns>
    private (int[] Starts, int[] Positions) SortPositions()
    {
        var (starts, positions) = (new int[n + 1], new int[indices.Length]);
        foreach (var index in indices)
            if (index != paddingIndex) starts[index + 1]++;
        for (var i = 0; i < n; i++) starts[i + 1] += starts[i];
        var next = starts.AsSpan(0, n).ToArray();
        for (var i = 0; i < indices.Length; i++)
            if (indices[i] != paddingIndex) positions[next[indices[i]]++] = i;
        return (starts, positions);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SelectOnGpu(Tensor x, Tensor y)
    {
        using var uploaded = new TemporaryTensor(Upload(indices, y.Device));
        y.Gpu.LaunchItems(y.Shape.Size, new IndexSelectKernel(
            x.View, uploaded.Tensor.View.Cast<int>(), n, indices.Length, inner, y.View));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddOnGpu(Tensor dy, int[] starts, int[] positions, Tensor dx)
    {
        using var uploadedStarts = new TemporaryTensor(Upload(starts, dx.Device));
        using var uploadedPositions = new TemporaryTensor(Upload(positions, dx.Device));
        dx.Gpu.LaunchItems(dx.Shape.Size, new IndexSelectGradientKernel(
            dy.View, uploadedStarts.Tensor.View.Cast<int>(), uploadedPositions.Tensor.View.Cast<int>(), n,
            indices.Length, inner, dx.View));
    }

    /// <summary>Floats whose bits are the numbers.</summary>
    private static Tensor Upload(int[] values, Device device)
    {
        var tensor = new Tensor([values.Length], device);
        device.Upload(MemoryMarshal.Cast<int, float>(values), tensor.Storage);
        return tensor;
    }

    private int Product(int[] axes) => axes.Aggregate(1, (product, i) => product * input[i]);
}

/// <summary>[outer, n, inner] → [outer, count, inner]</summary>
internal readonly struct IndexSelectKernel(
    ArrayView<float> x, ArrayView<int> indices, int n, int count, int inner, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var row = i / inner;
        y[i] = x[(row / count * n + indices[row % count]) * inner + i % inner];
    }
}

/// <summary>[outer, count, inner] → [outer, n, inner]: sums over the positions of each index, in order.</summary>
internal readonly struct IndexSelectGradientKernel(
    ArrayView<float> dy, ArrayView<int> starts, ArrayView<int> positions, int n, int count, int inner,
    ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        int row = i / inner, index = row % n, offset = row / n * count * inner + i % inner;
        int position = starts[index], end = starts[index + 1];
        var total = new CompensatedSum();
        while (position < end)
        {
            var sum = 0f;
            for (var stop = CompensatedSum.BlockEnd(position, 1, end); position < stop; position++)
                sum += dy[offset + positions[position] * inner];
            total.Add(sum);
        }

        dx[i] = total.Total;
    }
}
