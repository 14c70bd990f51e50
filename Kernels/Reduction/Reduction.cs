using System.Numerics.Tensors;

namespace PyNetSharp.Kernels;

/// <summary>Sums along axes, in pieces that depend on the shape alone.</summary>
/// <remarks>
/// One axis after the other, the innermost in storage first; neighbours in storage count as one. At most 256 numbers
/// of a run, or 64 rows, are added in single precision; what they yield is added in double.
/// </remarks>
internal static partial class Reduction
{
    private const int GrainSize = 1 << 15;           // floats that one call reads, about
    private const int BlockLength = 1 << 8;         // of a run that is contiguous: TensorPrimitives adds in eight lanes or more
    private const int BlockRows = 1 << 6;           // rows of a piece
    private const int BlockColumns = 1 << 10;          // columns of a piece: its sums stay in the L1 cache

    /// <summary>y = the sums of <paramref name="x"/> along the axes that are <paramref name="reduced"/>, which have extent 1 in y.</summary>
    public static void Run(Tensor x, bool[] reduced, Tensor y)
    {
        var axes = CoalesceAxes(x.Shape, reduced);
        var from = x;
        for (int last; (last = axes.FindLastIndex(axis => axis.Reduced)) >= 0;)
        {
            var (outer, n, inner) = (Product(axes[..last]), axes[last].Extent, Product(axes[(last + 1)..]));
            axes.RemoveAt(last);

            var to = axes.Exists(axis => axis.Reduced) ? new Tensor([outer, inner], x.Device) : y;
            if (!x.IsOnCpu) SumOnGpu(from, outer, n, inner, to);
            else if (inner == 1) SumContiguousAxis(from, outer, n, to);
            else SumRows(from, outer, n, inner, to);
            if (from != x) from.Release();
            from = to;
        }

        if (from == x) x.Device.Copy(x.Storage, y.Storage, y.Shape.Size);
    }

    /// <summary>[outer, n] → [outer]</summary>
    private static void SumContiguousAxis(Tensor x, int outer, int n, Tensor y)
    {
        if (n <= GrainSize)
        {
            y.Cpu.ForRanges(outer, GrainSize / Math.Max(1, n), (first, count) =>
            {
                for (var i = first; i < first + count; i++) y.Span[i] = (float)SumBlocks(x.Span.Slice(i * n, n));
            });
            return;
        }

        var pieces = (n + GrainSize - 1) / GrainSize;
        var partial = new double[pieces];
        for (var i = 0; i < outer; i++)
        {
            var run = i * n;
            y.Cpu.For(pieces, p => partial[p] = SumBlocks(x.Span.Slice(run + p * GrainSize, Math.Min(GrainSize, n - p * GrainSize))));
            y.Span[i] = (float)partial.Sum();
        }
    }

    /// <summary>Σ x, stretch by stretch.</summary>
    public static double SumBlocks(ReadOnlySpan<float> run)
    {
        var sum = 0.0;
        for (; run.Length > BlockLength; run = run[BlockLength..]) sum += TensorPrimitives.Sum(run[..BlockLength]);
        return sum + TensorPrimitives.Sum(run);
    }

    /// <summary>⟨x, y⟩, stretch by stretch.</summary>
    public static double DotBlocks(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sum = 0.0;
        var i = 0;
        for (; x.Length - i > BlockLength; i += BlockLength)
            sum += TensorPrimitives.Dot(x.Slice(i, BlockLength), y.Slice(i, BlockLength));
        return sum + TensorPrimitives.Dot(x[i..], y[i..]);
    }

    /// <summary>[outer, n, inner] → [outer, inner]</summary>
    private static void SumRows(Tensor x, int outer, int n, int inner, Tensor y)
    {
        var (pieces, strips) = ((Math.Max(1, n) + BlockRows - 1) / BlockRows, (inner + BlockColumns - 1) / BlockColumns);
        using var temporary = new TemporaryTensor(
            pieces == 1 ? y : new Tensor([outer, pieces, inner], x.Device), borrowed: y);
        var to = temporary.Tensor;
        var group = Math.Max(1, GrainSize / (Math.Clamp(n, 1, BlockRows) * Math.Clamp(inner, 1, BlockColumns)));
        y.Cpu.ForRanges(outer * pieces * strips, group, (first, count) =>
        {
            for (var i = first; i < first + count; i++)
            {
                var (target, strip) = Math.DivRem(i, strips);
                var (o, piece) = Math.DivRem(target, pieces);
                var (column, row) = (strip * BlockColumns, piece * BlockRows);
                var sum = to.Span.Slice(target * inner + column, Math.Min(BlockColumns, inner - column));
                if (n == 0) sum.Clear();
                else AddRows(x.Span[((o * n + row) * inner + column)..], Math.Min(BlockRows, n - row), inner, sum);
            }
        });

        if (to != y) AddPartialSums(to, outer, pieces, inner, y);
    }

    private static void AddRows(ReadOnlySpan<float> x, int rows, int stride, Span<float> sum)
    {
        x[..sum.Length].CopyTo(sum);
        for (var row = 1; row < rows; row++) TensorPrimitives.Add(sum, x.Slice(row * stride, sum.Length), sum);
    }

    private static void AddPartialSums(Tensor partial, int outer, int pieces, int inner, Tensor y)
    {
        var strips = (inner + BlockColumns - 1) / BlockColumns;
        y.Cpu.For(outer * strips, i =>
        {
            var (o, strip) = Math.DivRem(i, strips);
            var to = y.Span.Slice(o * inner + strip * BlockColumns, Math.Min(BlockColumns, inner - strip * BlockColumns));
            Span<double> sums = stackalloc double[to.Length];
            sums.Clear();
            for (var p = 0; p < pieces; p++)
            {
                var from = partial.Span.Slice((o * pieces + p) * inner + strip * BlockColumns, to.Length);
                for (var j = 0; j < from.Length; j++) sums[j] += from[j];
            }

            for (var j = 0; j < to.Length; j++) to[j] = (float)sums[j];
        });
    }

    /// <summary>The axes in the order in which they are stored, neighbours of one kind merged, those of extent 1 left out.</summary>
    private static List<(int Extent, bool Reduced)> CoalesceAxes(Shape shape, bool[] reduced)
    {
        List<(int Extent, bool Reduced)> axes = [];
        foreach (var axis in Layout.StorageOrder(shape.Rank))
        {
            if (shape[axis] == 1) continue;
            if (axes.Count > 0 && axes[^1].Reduced == reduced[axis])
                axes[^1] = (axes[^1].Extent * shape[axis], reduced[axis]);
            else
                axes.Add((shape[axis], reduced[axis]));
        }

        return axes;
    }

    private static int Product(List<(int Extent, bool)> axes) => axes.Aggregate(1, (product, axis) => product * axis.Extent);
}
