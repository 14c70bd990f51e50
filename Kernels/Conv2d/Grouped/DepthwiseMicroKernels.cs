using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>One row of outputs: the input rows under it, and the distances between what a micro-kernel reads.</summary>
internal unsafe struct DepthwiseRow
{
    /// <summary>The first pixel of each input row under the kernel, inside the image.</summary>
    public float** Rows;

    public int RowCount, Taps;

    /// <summary>Floats from the input of one output column to that of the next, and from one tap to the next.</summary>
    public nint ColumnStride, TapStride;

    /// <summary>Floats of the packed weights from tap to tap, and from row to row.</summary>
    public nint WeightTapStride, WeightRowStride;

    /// <summary>Floats from one output column to the next.</summary>
    public nint OutputStride;

    public bool Relu, NonTemporal;

    /// <summary>Whether the kernel has more taps than are summed in one chain.</summary>
    public bool IsLong;
}

/// <summary>
/// A vector of channels, for one output column or for four: sums over rows and taps of inputs times weights.
/// </summary>
/// <remarks>A column's sum has the same order in each of them, but for the long one.</remarks>
internal static unsafe class DepthwiseMicroKernels
{
    /// <summary>Output columns of a block: each weight is loaded once for all.</summary>
    public const int Columns = 4;

    /// <summary>Four columns whose taps are all inside the image.</summary>
    /// <param name="x">The offset of the first column's first tap in each input row.</param>
    public static void ConvolveColumns<V>(in DepthwiseRow row, nint x, float* weights, float* bias, float* y)
        where V : struct, IVector<V>
    {
        var rows = row.Rows;
        var (step, taps) = (row.ColumnStride, row.Taps);
        V s0 = V.Load(bias), s1 = s0, s2 = s0, s3 = s0;
        for (var j = 0; j < row.RowCount; j++, weights += row.WeightRowStride)
        {
            float* pixel = rows[j] + x, weight = weights;
            for (var tap = 0; tap < taps; tap++, pixel += row.TapStride, weight += row.WeightTapStride)
            {
                var w = V.Load(weight);
                V.MultiplyAccumulateEstimate(w, V.Load(pixel), ref s0);
                V.MultiplyAccumulateEstimate(w, V.Load(pixel + step), ref s1);
                V.MultiplyAccumulateEstimate(w, V.Load(pixel + 2 * step), ref s2);
                V.MultiplyAccumulateEstimate(w, V.Load(pixel + 3 * step), ref s3);
            }
        }

        Store(row, s0, s1, s2, s3, y);
    }

    /// <summary>
    /// The same for all channels, and for three taps where the next column's first tap is this one's second: each input
    /// is loaded once, and those of the next block are prefetched.
    /// </summary>
    /// <param name="lanes">Channels; at least a vector.</param>
    public static void ConvolveThreeTaps<V>(
        in DepthwiseRow row, nint x, float* weights, float* bias, float* y, int lanes)
        where V : struct, IVector<V>
    {
        var rows = row.Rows;
        var (step, count, perTap, perRow) = (row.ColumnStride, row.RowCount, row.WeightTapStride, row.WeightRowStride);
        var (perColumn, relu, nonTemporal) = (row.OutputStride, row.Relu, row.NonTemporal);
        // The rows above have been read by the row of outputs before this one.
        var next = count == 0 ? null : rows[count - 1] + x + (Columns + 2) * step;
        for (nint start = 0; start < lanes; start += V.Width)
        {
            var lane = Math.Min(start, lanes - V.Width);        // the last vector may overlap the one before
            Prefetcher.PrefetchL1(next + lane);
            Prefetcher.PrefetchL1(next + lane + step);
            Prefetcher.PrefetchL1(next + lane + 2 * step);
            Prefetcher.PrefetchL1(next + lane + 3 * step);
            V s0 = V.Load(bias + lane), s1 = s0, s2 = s0, s3 = s0;
            var weight = weights + lane;
            for (var j = 0; j < count; j++, weight += perRow)
            {
                var pixel = rows[j] + x + lane;
                V w0 = V.Load(weight), w1 = V.Load(weight + perTap), w2 = V.Load(weight + 2 * perTap);
                var v = V.Load(pixel);
                V.MultiplyAccumulateEstimate(w0, v, ref s0);
                v = V.Load(pixel + step);
                V.MultiplyAccumulateEstimate(w0, v, ref s1);
                V.MultiplyAccumulateEstimate(w1, v, ref s0);
                v = V.Load(pixel + 2 * step);
                V.MultiplyAccumulateEstimate(w0, v, ref s2);
                V.MultiplyAccumulateEstimate(w1, v, ref s1);
                V.MultiplyAccumulateEstimate(w2, v, ref s0);
                v = V.Load(pixel + 3 * step);
                V.MultiplyAccumulateEstimate(w0, v, ref s3);
                V.MultiplyAccumulateEstimate(w1, v, ref s2);
                V.MultiplyAccumulateEstimate(w2, v, ref s1);
                v = V.Load(pixel + 4 * step);
                V.MultiplyAccumulateEstimate(w1, v, ref s3);
                V.MultiplyAccumulateEstimate(w2, v, ref s2);
                v = V.Load(pixel + 5 * step);
                V.MultiplyAccumulateEstimate(w2, v, ref s3);
            }

            if (relu) (s0, s1, s2, s3) = (V.Relu(s0), V.Relu(s1), V.Relu(s2), V.Relu(s3));
            var to = y + lane;
            if (nonTemporal)
            {
                s0.StoreNonTemporal(to);
                s1.StoreNonTemporal(to + perColumn);
                s2.StoreNonTemporal(to + 2 * perColumn);
                s3.StoreNonTemporal(to + 3 * perColumn);
            }
            else
            {
                s0.Store(to);
                s1.Store(to + perColumn);
                s2.Store(to + 2 * perColumn);
                s3.Store(to + 3 * perColumn);
            }
        }
    }

    /// <summary>One column.</summary>
    public static void ConvolveColumn<V>(in DepthwiseRow row, nint x, float* weights, float* bias, float* y)
        where V : struct, IVector<V>
    {
        var sum = V.Load(bias);
        for (var j = 0; j < row.RowCount; j++, weights += row.WeightRowStride)
        {
            float* pixel = row.Rows[j] + x, weight = weights;
            for (var tap = 0; tap < row.Taps; tap++, pixel += row.TapStride, weight += row.WeightTapStride)
                V.MultiplyAccumulateEstimate(V.Load(weight), V.Load(pixel), ref sum);
        }

        Store(row, sum, y);
    }

    /// <summary>One column with many taps: the sums of at most kc taps of a row are added.</summary>
    public static void ConvolveLong<V>(in DepthwiseRow row, nint x, float* weights, float* bias, float* y)
        where V : struct, IVector<V>
    {
        var total = V.Load(bias);
        for (var j = 0; j < row.RowCount; j++, weights += row.WeightRowStride)
        {
            float* pixel = row.Rows[j] + x, weight = weights;
            for (var first = 0; first < row.Taps; first += MicroKernels.MaxKc)
            {
                V sum = default;
                var end = Math.Min(first + MicroKernels.MaxKc, row.Taps);
                for (var tap = first; tap < end; tap++, pixel += row.TapStride, weight += row.WeightTapStride)
                    V.MultiplyAccumulateEstimate(V.Load(weight), V.Load(pixel), ref sum);
                total += sum;
            }
        }

        Store(row, total, y);
    }

    /// <summary>sums[tap] += Σ over columns of dy · x, for one tap.</summary>
    /// <param name="dy">The first column's.</param>
    /// <param name="dyStride">Floats from column to column of dy.</param>
    /// <param name="x">What the tap meets at the first column.</param>
    public static void CorrelateTap<V>(
        float* dy, nint dyStride, int columns, float* x, nint columnStride, float* sums)
        where V : struct, IVector<V>
    {
        var sum = V.Load(sums);
        for (var q = 0; q < columns; q++, dy += dyStride, x += columnStride)
            V.MultiplyAccumulateEstimate(V.Load(dy), V.Load(x), ref sum);
        sum.Store(sums);
    }

    /// <summary>The same for three taps of a row.</summary>
    /// <param name="sumStride">Floats from the sums of one tap to those of the next.</param>
    public static void CorrelateThreeTaps<V>(
        float* dy, nint dyStride, int columns, float* x, nint columnStride, nint tapStride, float* sums, nint sumStride)
        where V : struct, IVector<V>
    {
        V s0 = V.Load(sums), s1 = V.Load(sums + sumStride), s2 = V.Load(sums + 2 * sumStride);
        for (var q = 0; q < columns; q++, dy += dyStride, x += columnStride)
        {
            var gradient = V.Load(dy);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x), ref s0);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x + tapStride), ref s1);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x + 2 * tapStride), ref s2);
        }

        s0.Store(sums);
        s1.Store(sums + sumStride);
        s2.Store(sums + 2 * sumStride);
    }

    /// <summary>The same for three taps of three rows: each gradient is loaded once for all nine.</summary>
    /// <param name="sumStride">Floats from the sums of one tap to those of the next.</param>
    /// <param name="sumRowStride">Floats from the sums of one row to those of the next.</param>
    public static void CorrelateNineTaps<V>(
        float* dy, nint dyStride, int columns, float* x0, float* x1, float* x2, nint columnStride, nint tapStride,
        float* sums, nint sumStride, nint sumRowStride)
        where V : struct, IVector<V>
    {
        float* sums1 = sums + sumRowStride, sums2 = sums1 + sumRowStride;
        V s00 = V.Load(sums), s01 = V.Load(sums + sumStride), s02 = V.Load(sums + 2 * sumStride);
        V s10 = V.Load(sums1), s11 = V.Load(sums1 + sumStride), s12 = V.Load(sums1 + 2 * sumStride);
        V s20 = V.Load(sums2), s21 = V.Load(sums2 + sumStride), s22 = V.Load(sums2 + 2 * sumStride);
        for (var q = 0; q < columns; q++)
        {
            var gradient = V.Load(dy);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x0), ref s00);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x0 + tapStride), ref s01);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x0 + 2 * tapStride), ref s02);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x1), ref s10);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x1 + tapStride), ref s11);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x1 + 2 * tapStride), ref s12);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x2), ref s20);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x2 + tapStride), ref s21);
            V.MultiplyAccumulateEstimate(gradient, V.Load(x2 + 2 * tapStride), ref s22);
            dy += dyStride;
            x0 += columnStride;
            x1 += columnStride;
            x2 += columnStride;
        }

        s00.Store(sums);
        s01.Store(sums + sumStride);
        s02.Store(sums + 2 * sumStride);
        s10.Store(sums1);
        s11.Store(sums1 + sumStride);
        s12.Store(sums1 + 2 * sumStride);
        s20.Store(sums2);
        s21.Store(sums2 + sumStride);
        s22.Store(sums2 + 2 * sumStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<V>(in DepthwiseRow row, V s0, V s1, V s2, V s3, float* y) where V : struct, IVector<V>
    {
        Store(row, s0, y);
        Store(row, s1, y + row.OutputStride);
        Store(row, s2, y + 2 * row.OutputStride);
        Store(row, s3, y + 3 * row.OutputStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<V>(in DepthwiseRow row, V sum, float* y) where V : struct, IVector<V>
    {
        if (row.Relu) sum = V.Relu(sum);
        if (row.NonTemporal) sum.StoreNonTemporal(y);
        else sum.Store(y);
    }
}
