using System.Numerics;
using System.Numerics.Tensors;

namespace PyNetSharp.Kernels;

/// <summary>The inner loops of batch normalization, over contiguous channels.</summary>
/// <remarks>They are bound by memory, so the platform's <see cref="Vector{T}"/> is wide enough.</remarks>
internal static unsafe class BatchNormLoops
{
    /// <summary>
    /// The mean of each channel over some rows, which are <paramref name="stride"/> floats apart, in single precision:
    /// accurate enough to take deviations from.
    /// </summary>
    public static void ChannelMeans(float* x, int stride, int rows, float* mean, int channels)
    {
        var sum = new Span<float>(mean, channels);
        sum.Clear();
        for (var row = 0; row < rows; row++, x += stride)
            TensorPrimitives.Add(sum, new ReadOnlySpan<float>(x, channels), sum);
        TensorPrimitives.Divide(sum, rows, sum);
    }

    /// <summary>Σ(x − center) and Σ(x − center)² of each channel over some rows.</summary>
    public static void SumDeviations(
        float* x, int stride, int rows, float* center, float* sum, float* square, int channels)
    {
        new Span<float>(sum, channels).Clear();
        new Span<float>(square, channels).Clear();
        for (var row = 0; row < rows; row++, x += stride)
        {
            var c = 0;
            for (; c <= channels - Vector<float>.Count; c += Vector<float>.Count)
            {
                var deviation = Vector.Load(x + c) - Vector.Load(center + c);
                (Vector.Load(sum + c) + deviation).Store(sum + c);
                Vector.MultiplyAddEstimate(deviation, deviation, Vector.Load(square + c)).Store(square + c);
            }

            for (; c < channels; c++)
            {
                var deviation = x[c] - center[c];
                sum[c] += deviation;
                square[c] += deviation * deviation;
            }
        }
    }

    /// <summary>Σdy and Σdy·(x − center) of each channel over some rows.</summary>
    public static void BackwardReduce(
        float* dy, float* x, int stride, int rows, float* center, float* sum, float* product, int channels)
    {
        new Span<float>(sum, channels).Clear();
        new Span<float>(product, channels).Clear();
        for (var row = 0; row < rows; row++, dy += stride, x += stride)
        {
            var c = 0;
            for (; c <= channels - Vector<float>.Count; c += Vector<float>.Count)
            {
                var gradient = Vector.Load(dy + c);
                (Vector.Load(sum + c) + gradient).Store(sum + c);
                var deviation = Vector.Load(x + c) - Vector.Load(center + c);
                Vector.MultiplyAddEstimate(gradient, deviation, Vector.Load(product + c)).Store(product + c);
            }

            for (; c < channels; c++)
            {
                sum[c] += dy[c];
                product[c] += dy[c] * (x[c] - center[c]);
            }
        }
    }

    /// <summary>y = (x − center)·factor + offset in one row.</summary>
    public static void Normalize(float* x, float* center, float* factor, float* offset, float* y, int channels)
    {
        var c = 0;
        for (; c <= channels - Vector<float>.Count; c += Vector<float>.Count)
        {
            var deviation = Vector.Load(x + c) - Vector.Load(center + c);
            Vector.MultiplyAddEstimate(deviation, Vector.Load(factor + c), Vector.Load(offset + c)).Store(y + c);
        }

        for (; c < channels; c++) y[c] = (x[c] - center[c]) * factor[c] + offset[c];
    }

    /// <summary>dx = factor·(dy − offset − slope·(x − center)) in one row.</summary>
    public static void BackwardElementwise(
        float* dy, float* x, float* center, float* factor, float* offset, float* slope, float* dx, int channels)
    {
        var c = 0;
        for (; c <= channels - Vector<float>.Count; c += Vector<float>.Count)
        {
            var deviation = Vector.Load(x + c) - Vector.Load(center + c);
            var projection = Vector.MultiplyAddEstimate(deviation, Vector.Load(slope + c), Vector.Load(offset + c));
            ((Vector.Load(dy + c) - projection) * Vector.Load(factor + c)).Store(dx + c);
        }

        for (; c < channels; c++) dx[c] = (dy[c] - (offset[c] + slope[c] * (x[c] - center[c]))) * factor[c];
    }
}
