using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Layer normalization on the CPU.</summary>
/// <remarks>
/// A row is summed by one thread, in blocks of <see cref="BlockLength"/> elements that are added in double precision.
/// Sums over rows are taken in blocks of <see cref="BlockRows"/> rows and <see cref="BlockColumns"/> columns, added in
/// double and in order, so that the bits do not depend on the number of threads.
/// </remarks>
internal sealed unsafe class LayerNormCpu(Tensor x, int rows, int n, Tensor mean, Tensor invStd, Tensor? weight)
    : ILayerNorm
{
    private const int GrainSize = 1 << 14;              // elements that are worth a thread
    private const int BlockLength = 256;                // contiguous elements, of which a copy stays in the L1 cache
    private const int BlockRows = 128, BlockColumns = 512;
    private const int FloatsPerCacheLine = 16;          // threads that write [n] write different cache lines

    public void Forward(Tensor? bias, float eps, Tensor y) =>
        Forward(x, rows, n, mean.Pointer, invStd.Pointer, weight, bias, eps, y);

    /// <summary>Normalizes and keeps nothing for a gradient.</summary>
    public static void Evaluate(Tensor x, int rows, int n, Tensor? weight, Tensor? bias, float eps, Tensor y) =>
        Forward(x, rows, n, null, null, weight, bias, eps, y);

    private static void Forward(
        Tensor x, int rows, int n, float* means, float* invStds, Tensor? weight, Tensor? bias, float eps, Tensor y)
    {
        float* w = weight is null ? null : weight.Pointer, b = bias is null ? null : bias.Pointer;
        x.Cpu.ForRanges(
            rows, Math.Max(1, GrainSize / Math.Max(1, n)),
            new ForwardBody(x.Pointer, n, eps, means, invStds, w, b, y.Pointer));
    }

    public void BackwardInput(Tensor dy, Tensor dx)
    {
        float* input = x.Pointer, gradient = dy.Pointer, output = dx.Pointer;
        float* means = mean.Pointer, invStds = invStd.Pointer, w = weight is null ? null : weight.Pointer;
        ForEachRow((row, start) =>
        {
            var (sum, product) = SumGradients(input + start, means[row], gradient + start, w);
            double s = invStds[row];
            VectorDispatch.ForEach(n, new GradientBody(
                gradient + start, input + start, w, means[row], (float)s, (float)(s * sum / n),
                (float)(s * s * s * product / n), output + start));
        });
    }

    public void BackwardWeight(Tensor dy, Tensor dw, Tensor db)
    {
        int rowBlocks = (rows + BlockRows - 1) / BlockRows, columnBlocks = (n + BlockColumns - 1) / BlockColumns;
        using Workspace sums = new(x.Device, rowBlocks * n), products = new(x.Device, rowBlocks * n);
        float* input = x.Pointer, gradient = dy.Pointer, sum = sums.Pointer, product = products.Pointer;
        float* means = mean.Pointer, invStds = invStd.Pointer, sumTotals = db.Pointer, productTotals = dw.Pointer;
        x.Cpu.For(rowBlocks * columnBlocks, i =>
        {
            var (rowBlock, columnBlock) = Math.DivRem(i, columnBlocks);
            int column = columnBlock * BlockColumns, columns = Math.Min(BlockColumns, n - column);
            var target = (long)rowBlock * n + column;
            new Span<float>(sum + target, columns).Clear();
            new Span<float>(product + target, columns).Clear();
            for (var row = rowBlock * BlockRows; row < Math.Min(rows, (rowBlock + 1) * BlockRows); row++)
            {
                var start = (long)row * n + column;
                VectorDispatch.ForEach(columns, new SumBody(
                    gradient + start, input + start, means[row], invStds[row], sum + target, product + target));
            }
        });
        x.Cpu.ForRanges(n, Math.Max(FloatsPerCacheLine, GrainSize / Math.Max(1, rowBlocks)), (start, count) =>
        {
            for (var i = start; i < start + count; i++)
            {
                double total = 0, productTotal = 0;
                for (var block = 0L; block < rowBlocks; block++)
                    (total, productTotal) = (total + sum[block * n + i], productTotal + product[block * n + i]);
                (sumTotals[i], productTotals[i]) = ((float)total, (float)productTotal);
            }
        });
    }

    /// <summary>Σ(x − center)²</summary>
    private static double SumSquaredDeviations(ReadOnlySpan<float> x, float center)
    {
        Span<float> buffer = stackalloc float[BlockLength];
        var sum = 0.0;
        while (!x.IsEmpty)
        {
            var deviations = buffer[..Math.Min(BlockLength, x.Length)];
            TensorPrimitives.Subtract(x[..deviations.Length], center, deviations);
            sum += TensorPrimitives.Dot(deviations, deviations);
            x = x[deviations.Length..];
        }

        return sum;
    }

    /// <summary>Σg and Σg·(x − center) for g = weight·dy, of one row.</summary>
    private (double Sum, double Product) SumGradients(float* x, float center, float* dy, float* weight)
    {
        float* weighted = stackalloc float[BlockLength], deviations = stackalloc float[BlockLength];
        double sum = 0, product = 0;
        for (var i = 0; i < n; i += BlockLength)
        {
            var count = Math.Min(BlockLength, n - i);
            var g = new ReadOnlySpan<float>(weight == null ? dy + i : weighted, count);
            if (weight != null)
                TensorPrimitives.Multiply(
                    new ReadOnlySpan<float>(dy + i, count), new ReadOnlySpan<float>(weight + i, count),
                    new Span<float>(weighted, count));
            var d = new Span<float>(deviations, count);
            TensorPrimitives.Subtract(new ReadOnlySpan<float>(x + i, count), center, d);
            sum += TensorPrimitives.Sum(g);
            product += TensorPrimitives.Dot(g, d);
        }

        return (sum, product);
    }

    /// <summary>Calls for each row with its number and the offset of its first element.</summary>
    private void ForEachRow(Action<int, long> body) =>
        x.Cpu.ForRanges(rows, Math.Max(1, GrainSize / Math.Max(1, n)), (start, count) =>
        {
            for (var row = start; row < start + count; row++) body(row, (long)row * n);
        });

    private readonly struct ForwardBody(
        float* x, int n, float eps, float* means, float* invStds, float* weight, float* bias, float* y) : IRangeBody
    {
        public void Run(int start, int count)
        {
            for (var row = start; row < start + count; row++)
            {
                var from = new ReadOnlySpan<float>(x + (long)row * n, n);
                var center = (float)(Reduction.SumBlocks(from) / n);
                var s = (float)(1 / Math.Sqrt(SumSquaredDeviations(from, center) / n + eps));
                if (means != null) (means[row], invStds[row]) = (center, s);
                VectorDispatch.ForEach(
                    n, new NormalizeBody(x + (long)row * n, center, s, weight, bias, y + (long)row * n));
            }
        }
    }

    /// <summary>y = (x − mean)·invStd·weight + bias</summary>
    private readonly struct NormalizeBody(float* x, float mean, float invStd, float* weight, float* bias, float* y)
        : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            var normalized = (V.Load(x + i) - V.Create(mean)) * V.Create(invStd);
            if (weight != null) normalized = V.MultiplyAddEstimate(normalized, V.Load(weight + i), V.Load(bias + i));
            normalized.Store(y + i);
        }
    }

    /// <summary>dx = invStd·weight·dy − offset − slope·(x − mean)</summary>
    private readonly struct GradientBody(
        float* dy, float* x, float* weight, float mean, float invStd, float offset, float slope, float* dx)
        : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            var g = V.Load(dy + i);
            if (weight != null) g *= V.Load(weight + i);
            var projection = V.MultiplyAddEstimate(V.Load(x + i) - V.Create(mean), V.Create(slope), V.Create(offset));
            (g * V.Create(invStd) - projection).Store(dx + i);
        }
    }

    /// <summary>Adds dy and dy·x̂ of one row to the sums of its columns.</summary>
    private readonly struct SumBody(float* dy, float* x, float mean, float invStd, float* sum, float* product)
        : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            var g = V.Load(dy + i);
            (V.Load(sum + i) + g).Store(sum + i);
            var normalized = (V.Load(x + i) - V.Create(mean)) * V.Create(invStd);
            V.MultiplyAddEstimate(g, normalized, V.Load(product + i)).Store(product + i);
        }
    }
}
