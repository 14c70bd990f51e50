using System.Numerics.Tensors;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary><see cref="Reduction"/> on the CPU.</summary>
internal static unsafe class ReductionCpu
{
    private const int GrainSize = 1 << 15;          // about as many floats as one call reads
    private const int BlockRows = 1 << 6;
    private const int BlockColumns = 1 << 10;       // their sums stay in the L1 cache

    /// <summary>Sums one axis after the other.</summary>
    public static void Run(Tensor x, ReadOnlySpan<ReductionPass> passes, Tensor y) =>
        Run(y.Cpu, x.Pointer, passes, y.Pointer);

    private static void Run(CpuDevice cpu, float* x, ReadOnlySpan<ReductionPass> passes, float* y)
    {
        if (passes.Length == 1)
        {
            Sum(cpu, x, passes[0], y);
            return;
        }

        using var sums = new Workspace(cpu, passes[0].Outer * passes[0].Inner);
        Sum(cpu, x, passes[0], sums.Pointer);
        Run(cpu, sums.Pointer, passes[1..], y);
    }

    private static void Sum(CpuDevice cpu, float* x, ReductionPass pass, float* y)
    {
        if (pass.Inner == 1) SumContiguousAxis(cpu, x, pass.Outer, pass.N, y);
        else SumRows(cpu, x, pass, y);
    }

    /// <summary>[outer, n] → [outer]</summary>
    private static void SumContiguousAxis(CpuDevice cpu, float* x, int outer, int n, float* y)
    {
        if (n <= GrainSize)
        {
            cpu.ForRanges(outer, GrainSize / Math.Max(1, n), new ContiguousBody(x, n, y));
            return;
        }

        var slices = (n + GrainSize - 1) / GrainSize;
        using var workspace = new Workspace(cpu, slices * (sizeof(double) / sizeof(float)));
        var partial = (double*)workspace.Pointer;
        for (var i = 0; i < outer; i++)
        {
            cpu.For(slices, new SliceBody(x + (long)i * n, n, partial));
            var sum = 0.0;
            for (var slice = 0; slice < slices; slice++) sum += partial[slice];
            y[i] = (float)sum;
        }
    }

    /// <summary>[outer, n, inner] → [outer, inner]</summary>
    private static void SumRows(CpuDevice cpu, float* x, ReductionPass pass, float* y)
    {
        var (outer, n, inner) = pass;
        var rowBlocks = (Math.Max(1, n) + BlockRows - 1) / BlockRows;
        var columnBlocks = (inner + BlockColumns - 1) / BlockColumns;
        var count = outer * rowBlocks * columnBlocks;
        var grain = Math.Max(1, GrainSize / (Math.Clamp(n, 1, BlockRows) * Math.Clamp(inner, 1, BlockColumns)));
        if (rowBlocks == 1)
        {
            cpu.ForRanges(count, grain, new RowsBody(x, n, inner, rowBlocks, columnBlocks, y));
            return;
        }

        using var sums = new Workspace(cpu, outer * rowBlocks * inner);
        cpu.ForRanges(count, grain, new RowsBody(x, n, inner, rowBlocks, columnBlocks, sums.Pointer));
        cpu.For(outer * columnBlocks, new PartialSumsBody(sums.Pointer, rowBlocks, inner, columnBlocks, y));
    }

    private readonly struct ContiguousBody(float* x, int n, float* y) : IRangeBody
    {
        public void Run(int first, int count)
        {
            for (var i = first; i < first + count; i++)
                y[i] = (float)Reduction.SumBlocks(new ReadOnlySpan<float>(x + (long)i * n, n));
        }
    }

    private readonly struct SliceBody(float* x, int n, double* sums) : ILoopBody
    {
        public void Run(int slice)
        {
            var first = slice * GrainSize;
            sums[slice] = Reduction.SumBlocks(new ReadOnlySpan<float>(x + first, Math.Min(GrainSize, n - first)));
        }
    }

    /// <summary>The sums of blocks of rows, in single precision.</summary>
    private readonly struct RowsBody(float* x, int n, int inner, int rowBlocks, int columnBlocks, float* sums)
        : IRangeBody
    {
        public void Run(int first, int count)
        {
            for (var i = first; i < first + count; i++)
            {
                var (target, columnBlock) = Math.DivRem(i, columnBlocks);
                var (o, rowBlock) = Math.DivRem(target, rowBlocks);
                var (column, row) = (columnBlock * BlockColumns, rowBlock * BlockRows);
                var sum = new Span<float>(
                    sums + (long)target * inner + column, Math.Min(BlockColumns, inner - column));
                if (n == 0) sum.Clear();
                else AddRows(x + ((long)o * n + row) * inner + column, Math.Min(BlockRows, n - row), inner, sum);
            }
        }

        private static void AddRows(float* x, int rows, int stride, Span<float> sum)
        {
            new ReadOnlySpan<float>(x, sum.Length).CopyTo(sum);
            for (var row = 1; row < rows; row++)
                TensorPrimitives.Add(sum, new ReadOnlySpan<float>(x + (long)row * stride, sum.Length), sum);
        }
    }

    /// <summary>[outer, n, inner] → [outer, inner], each in double.</summary>
    private readonly struct PartialSumsBody(float* partial, int n, int inner, int columnBlocks, float* y) : ILoopBody
    {
        public void Run(int i)
        {
            var (o, columnBlock) = Math.DivRem(i, columnBlocks);
            var column = columnBlock * BlockColumns;
            var output = new Span<float>(y + (long)o * inner + column, Math.Min(BlockColumns, inner - column));
            Span<double> sums = stackalloc double[output.Length];
            sums.Clear();
            for (var row = 0; row < n; row++)
            {
                var addends = partial + ((long)o * n + row) * inner + column;
                for (var j = 0; j < sums.Length; j++) sums[j] += addends[j];
            }

            for (var j = 0; j < output.Length; j++) output[j] = (float)sums[j];
        }
    }
}
