using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Resizing on a CPU.</summary>
internal sealed unsafe class UpsampleCpu : IUpsample
{
    private const int ShortCopy = 16;           // fewer floats are copied by a loop, which needs no call
    private const int MaxTermsInFloat = 64;     // rows or columns of outputs that are added in single precision

    private UpsampleCpu()
    {
    }

    public static UpsampleCpu Instance { get; } = new();

    public void Forward(UpsampleGeometry geometry, Tensor x, Tensor y)
    {
        if (geometry.Rows.IsBilinear) Interpolate(geometry, x, y);
        else CopyNearest(geometry, x, y);
    }

    /// <summary>
    /// Of the outputs of an input the rows are gathered first, and then the columns of their sum: R + S terms, not R·S.
    /// </summary>
    public void Backward(UpsampleGeometry geometry, Tensor dy, Tensor dx)
    {
        var (channels, height, width) = (geometry.Channels, geometry.Height, geometry.Width);
        var rows = new CoveringOutputs(geometry.Rows, height);
        var columns = new CoveringOutputs(geometry.Columns, width);
        var outputRow = geometry.Columns.Outputs * channels;
        float* from = dy.Pointer, to = dx.Pointer;
        dx.Cpu.For(geometry.Images * height, line =>
        {
            var (image, h) = Math.DivRem(line, height);
            var source = from + (long)image * geometry.Rows.Outputs * outputRow;
            var target = to + (long)line * width * channels;
            if (Math.Max(rows.MaxCount, columns.MaxCount) > MaxTermsInFloat)
            {
                GatherInDouble(source, rows, h, columns, outputRow, channels, new(target, width * channels));
                return;
            }

            var sum = Scratch.ForThread(Scratch.AlignedBytes(outputRow, sizeof(float))).Floats(outputRow);
            VectorDispatch.ForEach(outputRow, new WeightedSumBody(
                source + (long)rows.First[h] * outputRow, outputRow, rows.Weights[h], sum));
            for (var w = 0; w < width; w++)
                VectorDispatch.ForEach(channels, new WeightedSumBody(
                    sum + (long)columns.First[w] * channels, channels, columns.Weights[w],
                    target + (long)w * channels));
        });
    }

    /// <summary>
    /// The first row that an input row goes into is copied pixel by pixel, and the others are copies of it.
    /// </summary>
    private static void CopyNearest(UpsampleGeometry geometry, Tensor x, Tensor y)
    {
        var (channels, height, width) = (geometry.Channels, geometry.Height, geometry.Width);
        int rows = geometry.Rows.Outputs, columns = geometry.Columns.Outputs, outputRow = columns * channels;
        int[] offsets = [.. Enumerable.Range(0, columns).Select(q => geometry.Columns.First(q) * channels)];
        float* from = x.Pointer, to = y.Pointer;
        x.Cpu.For(geometry.Images * height, line =>
        {
            var (image, h) = Math.DivRem(line, height);
            int first = geometry.Rows.FirstCovering(h), end = geometry.Rows.EndCovering(h);
            if (first == end) return;
            var source = from + (long)line * width * channels;
            var target = to + ((long)image * rows + first) * outputRow;
            for (var q = 0; q < columns; q++) CopyPixel(source + offsets[q], target + (long)q * channels, channels);
            var row = new ReadOnlySpan<float>(target, outputRow);
            for (var p = first + 1; p < end; p++) row.CopyTo(new(target + (long)(p - first) * outputRow, outputRow));
        });
    }

    private static void CopyPixel(float* from, float* to, int channels)
    {
        if (channels >= ShortCopy) new ReadOnlySpan<float>(from, channels).CopyTo(new(to, channels));
        else
            for (var c = 0; c < channels; c++) to[c] = from[c];
    }

    private static void Interpolate(UpsampleGeometry geometry, Tensor x, Tensor y)
    {
        var (channels, height, width) = (geometry.Channels, geometry.Height, geometry.Width);
        int rows = geometry.Rows.Outputs, columns = geometry.Columns.Outputs;
        (int Left, int Right, float Fraction)[] taps =
        [
            .. Enumerable.Range(0, columns).Select(q => (
                geometry.Columns.First(q) * channels, geometry.Columns.Second(q) * channels,
                geometry.Columns.Fraction(q))),
        ];
        float* from = x.Pointer, to = y.Pointer;
        x.Cpu.For(geometry.Images * rows, line =>
        {
            var (image, p) = Math.DivRem(line, rows);
            var rowLength = (long)width * channels;
            float* input = from + image * height * rowLength, target = to + (long)line * columns * channels;
            float* top = input + geometry.Rows.First(p) * rowLength;
            float* bottom = input + geometry.Rows.Second(p) * rowLength;
            var vertical = geometry.Rows.Fraction(p);
            foreach (var (left, right, horizontal) in taps)
            {
                VectorDispatch.ForEach(channels, new InterpolateBody(
                    top + left, top + right, bottom + left, bottom + right, vertical, horizontal, target));
                target += channels;
            }
        });
    }

    /// <summary>One row of inputs from many outputs, added in double.</summary>
    private static void GatherInDouble(
        float* dy, CoveringOutputs rows, int h, CoveringOutputs columns, long outputRow, int channels, Span<float> dx)
    {
        for (var i = 0; i < dx.Length; i++)
        {
            var (w, c) = Math.DivRem(i, channels);
            var sum = 0.0;
            foreach (var (p, vertical) in rows.Weights[h].Index())
            {
                var source = dy + (rows.First[h] + p) * outputRow + (long)columns.First[w] * channels + c;
                foreach (var horizontal in columns.Weights[w])
                {
                    sum += (double)vertical * horizontal * *source;
                    source += channels;
                }
            }

            dx[i] = (float)sum;
        }
    }

    /// <summary>For each input along an axis the outputs that it went into, and its weight in each.</summary>
    private sealed class CoveringOutputs
    {
        public CoveringOutputs(UpsampleAxis axis, int inputs)
        {
            (First, Weights) = (new int[inputs], new float[inputs][]);
            for (var i = 0; i < inputs; i++)
            {
                First[i] = axis.FirstCovering(i);
                Weights[i] = new float[axis.EndCovering(i) - First[i]];
                for (var k = 0; k < Weights[i].Length; k++) Weights[i][k] = axis.Weight(First[i] + k, i);
                MaxCount = Math.Max(MaxCount, Weights[i].Length);
            }
        }

        public int[] First { get; }

        public float[][] Weights { get; }

        public int MaxCount { get; }
    }

    private readonly struct InterpolateBody(
        float* topLeft, float* topRight, float* bottomLeft, float* bottomRight, float vertical, float horizontal,
        float* y) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            V left = V.Create(1 - horizontal), right = V.Create(horizontal);
            var top = V.MultiplyAddEstimate(V.Load(topRight + i), right, V.Load(topLeft + i) * left);
            var bottom = V.MultiplyAddEstimate(V.Load(bottomRight + i), right, V.Load(bottomLeft + i) * left);
            V.MultiplyAddEstimate(bottom, V.Create(vertical), top * V.Create(1 - vertical)).Store(y + i);
        }
    }

    /// <summary>y = Σ weights[k]·x[k], for vectors that are <paramref name="stride"/> floats apart.</summary>
    private readonly struct WeightedSumBody(float* x, int stride, float[] weights, float* y) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            var sum = V.Create(0);
            var from = x + i;
            foreach (var weight in weights)
            {
                V.MultiplyAccumulateEstimate(V.Create(weight), V.Load(from), ref sum);
                from += stride;
            }

            sum.Store(y + i);
        }
    }
}
