using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;
using static PyNetSharp.Kernels.DirectConvolution;

namespace PyNetSharp.Kernels;

/// <summary>
/// The loops around <see cref="DepthwiseMicroKernels"/> for a forward pass or an input gradient: blocks of output rows,
/// in each row first the columns at its left edge, then blocks of columns, then those at its right edge.
/// </summary>
internal static unsafe class GroupedForward<V> where V : struct, IVector<V>
{
    private const int FloatsPerTask = 1 << 16;          // of the output; rows at a task's edge are read twice
    private const int MinNonTemporalFloats = 1 << 22;   // 16 MB

    /// <inheritdoc cref="GroupedConvolution.Convolve"/>
    public static void Run(
        CpuDevice cpu, Patches patches, int outputs, float* packed, float* bias, bool relu, StridedOutput output)
    {
        var (geometry, channels) = (patches.Geometry, output.Channels);
        var rowsPerTask = (int)Math.Clamp(FloatsPerTask / ((long)geometry.Q * channels), 1, geometry.P);
        var blocks = CeilDiv(geometry.P, rowsPerTask);
        var lanes = LanePartition.For(geometry, outputs, channels, geometry.N * blocks, V.Width);
        var nonTemporal = UsesNonTemporalStores(geometry.N, output);
        cpu.For(geometry.N * blocks * lanes.Parts, i =>
        {
            var (block, part) = Math.DivRem(i, lanes.Parts);
            var (image, rows) = Math.DivRem(block, blocks);
            ConvolveRows(
                patches, outputs, image, (rows * rowsPerTask, Math.Min((rows + 1) * rowsPerTask, geometry.P)),
                lanes.Range(part), packed, bias, relu, nonTemporal, output);
        });
    }

    /// <summary>Whether the output is larger than the caches, and every vector of it aligned.</summary>
    private static bool UsesNonTemporalStores(int images, StridedOutput output) =>
        (long)images * output.Height * output.Width * output.Channels >= MinNonTemporalFloats
        && output.Channels % V.Width == 0 && output.Pixels % (V.Width * sizeof(float)) == 0;

    private static void ConvolveRows(
        Patches patches, int outputs, int image, (int Begin, int End) rows, (int Begin, int End) lanes, float* packed,
        float* bias, bool relu, bool nonTemporal, StridedOutput output)
    {
        var (geometry, count) = (patches.Geometry, lanes.End - lanes.Begin);
        var scratch = Scratch.ForThread(LaneRows.ScratchBytes(geometry, outputs, count));
        var inputs = new LaneRows(patches, outputs, lanes.Begin, count, scratch);
        var perKernelRow = (nint)geometry.C * geometry.S * output.Channels;
        for (var p = rows.Begin; p < rows.End; p++)
        {
            var (first, end) = inputs.Find<V>(image, p);
            var row = new DepthwiseRow
            {
                Rows = inputs.Pointers, RowCount = (end - first) * geometry.C, Taps = geometry.S,
                ColumnStride = (nint)geometry.Stride.W * inputs.PixelStride,
                TapStride = (nint)geometry.Dilation.W * inputs.PixelStride,
                WeightTapStride = output.Channels, WeightRowStride = (nint)geometry.S * output.Channels,
                OutputStride = (nint)output.Stride.W * output.PixelStride,
                Relu = relu, NonTemporal = nonTemporal,
                IsLong = (long)geometry.R * geometry.C * geometry.S > MicroKernels.MaxKc,
            };
            var y = (float*)output.Pixels + (((nint)image * output.Height + output.FirstPixel.H + p * output.Stride.H)
                * output.Width + output.FirstPixel.W) * output.PixelStride + lanes.Begin;
            ConvolveRow(
                row, geometry, inputs.PixelStride, count, packed + first * perKernelRow + lanes.Begin,
                bias + lanes.Begin, y);
        }
    }

    private static void ConvolveRow(
        DepthwiseRow row, in PatchGeometry geometry, int pixel, int lanes, float* weights, float* bias, float* y)
    {
        const int block = DepthwiseMicroKernels.Columns;
        var (begin, end) = ColumnRange.Inside(geometry, 0, geometry.S - 1);
        if (row.IsLong || end - begin < block) begin = end = geometry.Q;
        for (var q = 0; q < begin; q++) ConvolveColumn(row, geometry, pixel, lanes, q, weights, bias, y);
        var isSliding = row.Taps == 3 && row.ColumnStride == row.TapStride;
        for (var next = begin; next < end; next += block)
        {
            var q = Math.Min(next, end - block);        // the last block may overlap the one before
            var x = ((nint)q * geometry.Stride.W + geometry.Origin.W) * pixel;
            var to = y + q * row.OutputStride;
            if (isSliding)
            {
                DepthwiseMicroKernels.ConvolveThreeTaps<V>(row, x, weights, bias, to, lanes);
                continue;
            }

            for (var start = 0; start < lanes; start += V.Width)
            {
                var lane = Math.Min(start, lanes - V.Width);        // so may the last vector
                DepthwiseMicroKernels.ConvolveColumns<V>(row, x + lane, weights + lane, bias + lane, to + lane);
            }
        }

        for (var q = end; q < geometry.Q; q++) ConvolveColumn(row, geometry, pixel, lanes, q, weights, bias, y);
    }

    /// <summary>One output pixel, with the taps that are inside the image.</summary>
    private static void ConvolveColumn(
        DepthwiseRow row, in PatchGeometry geometry, int pixel, int lanes, int q, float* weights, float* bias, float* y)
    {
        var left = q * geometry.Stride.W + geometry.Origin.W;
        var first = left >= 0 ? 0 : CeilDiv(-left, geometry.Dilation.W);
        var end = left >= geometry.W ? 0 : Math.Min(geometry.S, (geometry.W - 1 - left) / geometry.Dilation.W + 1);
        row.Taps = Math.Max(0, end - first);
        if (row.Taps == 0) row.RowCount = first = 0;
        var x = (left + (nint)first * geometry.Dilation.W) * pixel;
        weights += first * row.WeightTapStride;
        y += q * row.OutputStride;
        for (var start = 0; start < lanes; start += V.Width)
        {
            var lane = Math.Min(start, lanes - V.Width);
            if (row.IsLong)
                DepthwiseMicroKernels.ConvolveLong<V>(row, x + lane, weights + lane, bias + lane, y + lane);
            else
                DepthwiseMicroKernels.ConvolveColumn<V>(row, x + lane, weights + lane, bias + lane, y + lane);
        }
    }
}

/// <summary>Output columns for which some taps of a kernel row are inside the image.</summary>
internal static class ColumnRange
{
    /// <summary>
    /// The columns from Begin to End − 1, for the taps from <paramref name="first"/> to <paramref name="last"/>.
    /// </summary>
    public static (int Begin, int End) Inside(in PatchGeometry geometry, int first, int last)
    {
        var (stride, dilation, origin) = (geometry.Stride.W, (long)geometry.Dilation.W, geometry.Origin.W);
        // q·stride + origin + first·dilation ≥ 0, and q·stride + origin + last·dilation ≤ W − 1.
        var (missing, room) = (-(origin + first * dilation), geometry.W - 1 - origin - last * dilation);
        var begin = missing <= 0 ? 0 : Math.Min((missing + stride - 1) / stride, geometry.Q);
        var end = room < 0 ? 0 : Math.Min(room / stride + 1, geometry.Q);
        return end <= begin ? (0, 0) : ((int)begin, (int)end);
    }
}
