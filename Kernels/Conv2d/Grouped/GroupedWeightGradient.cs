using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;
using static PyNetSharp.Kernels.DirectConvolution;

namespace PyNetSharp.Kernels;

/// <summary>
/// dw[k, tap] = Σ over positions of dy[position, k] · x[position + tap, k], and db[k] = Σ dy[position, k], for vectors
/// of output channels k.
/// </summary>
/// <remarks>
/// The positions are cut into slices, whose sums are added in order. Within a slice, sums of at most
/// <see cref="MaxTerms"/> positions in single precision are added in double. Neither depends on the threads.
/// </remarks>
internal static unsafe class GroupedWeightGradient<V> where V : struct, IVector<V>
{
    private const int MaxTerms = 512;
    private const int MaxSlices = 32;
    private const int MaxSliceDoubles = 1 << 22;        // of all slices' sums: 32 MB, more only for large weights
    private const int ColumnsPerBlock = 16;             // of all channels, they stay in the L1 cache

    /// <inheritdoc cref="GroupedConvolution.WeightGradient"/>
    public static void Run(
        CpuDevice cpu, Patches patches, float* dy, int channels, int outputs, float* dw, float* db)
    {
        var geometry = patches.Geometry;
        var (sums, width) = (SumRows(geometry), CeilDiv(channels, V.Width) * V.Width);
        nint size = (nint)sums * width;
        var slices = Math.Clamp(
            geometry.Positions / MaxTerms, 1, (int)Math.Clamp(MaxSliceDoubles / size, 4, MaxSlices));
        var lanes = LanePartition.For(geometry, outputs, channels, slices, V.Width);
        using var memory = new Workspace(cpu, checked((int)(2 * slices * size)));
        var totals = (double*)memory.Pointer;
        long positions = geometry.Positions;
        cpu.For(slices * lanes.Parts, i =>
        {
            var (slice, part) = Math.DivRem(i, lanes.Parts);
            var (begin, end) = lanes.Range(part);
            new SliceSums(patches, outputs, dy, channels, begin, end, totals + slice * size + sums * begin).Add(
                (int)(positions * slice / slices), (int)(positions * (slice + 1) / slices));
        });

        cpu.For(sums, row =>
        {
            for (var part = 0; part < lanes.Parts; part++)
            {
                var (begin, end) = lanes.Range(part);
                var lastVector = (CeilDiv(end - begin, V.Width) - 1) * V.Width;
                var from = totals + sums * begin + row * (nint)(lastVector + V.Width);
                for (var k = begin; k < end; k++)
                {
                    // The last vector may overlap the one before.
                    var lane = k - begin < lastVector ? k - begin : lastVector + V.Width - (end - k);
                    var total = 0.0;
                    for (var slice = 0; slice < slices; slice++) total += from[slice * size + lane];
                    Store((float)total, geometry, row, k, dw, db);
                }
            }
        });
    }

    /// <summary>One per weight of an output channel, and last the bias.</summary>
    private static int SumRows(in PatchGeometry geometry) => geometry.R * geometry.C * geometry.S + 1;

    /// <param name="row">((r·C) + i)·S + s, or the last for the bias.</param>
    private static void Store(float sum, in PatchGeometry geometry, int row, int k, float* dw, float* db)
    {
        if (row == SumRows(geometry) - 1)
        {
            db[k] = sum;
            return;
        }

        var (kernelRow, s) = Math.DivRem(row, geometry.S);
        var (r, i) = Math.DivRem(kernelRow, geometry.C);
        dw[((nint)k * geometry.R * geometry.S + r * geometry.S + s) * geometry.C + i] = sum;
    }

    /// <summary>The sums of some positions and channels, in double.</summary>
    private readonly ref struct SliceSums
    {
        private readonly PatchGeometry geometry;
        private readonly LaneRows inputs;
        private readonly int channels, lanes, width;
        private readonly float* dy, sums;
        private readonly double* totals;
        private readonly (int Begin, int End)* columns;

        /// <param name="totals">For each sum whole vectors of lanes.</param>
        public SliceSums(
            Patches patches, int outputs, float* dy, int channels, int firstLane, int endLane, double* totals)
        {
            (geometry, this.channels, lanes) = (patches.Geometry, channels, endLane - firstLane);
            this.dy = dy + firstLane;
            this.totals = totals;
            width = CeilDiv(lanes, V.Width) * V.Width;
            var scratch = Scratch.ForThread(
                LaneRows.ScratchBytes(geometry, outputs, lanes) +
                Scratch.AlignedBytes((long)SumRows(geometry) * width, sizeof(float)) +
                Scratch.AlignedBytes(2 * geometry.S, sizeof(int)));
            inputs = new(patches, outputs, firstLane, lanes, scratch);
            sums = scratch.Floats((long)SumRows(geometry) * width);
            columns = ((int, int)*)scratch.Floats(2 * geometry.S);
            for (var s = 0; s < geometry.S; s++) columns[s] = ColumnRange.Inside(geometry, s, s);
        }

        /// <summary>
        /// totals = the sums over the positions from <paramref name="begin"/> to <paramref name="end"/> − 1.
        /// </summary>
        public void Add(int begin, int end)
        {
            var count = SumRows(geometry) * width;
            new Span<double>(totals, count).Clear();
            new Span<float>(sums, count).Clear();
            var terms = 0;
            for (int position = begin, n; position < end; position += n, terms += n)
            {
                var (line, column) = Math.DivRem(position, geometry.Q);
                n = Math.Min(Math.Min(geometry.Q - column, end - position), MaxTerms);
                if (terms + n > MaxTerms)
                {
                    Flush(count);
                    terms = 0;
                }

                var (image, row) = Math.DivRem(line, geometry.P);
                var (first, last) = inputs.Find<V>(image, row);
                for (var q = column; q < column + n; q += ColumnsPerBlock)
                    AddBlock(line, q, Math.Min(ColumnsPerBlock, column + n - q), first, last);
            }

            Flush(count);
        }

        private void Flush(int count)
        {
            DoubleAccumulators.Add(sums, totals, count);
            new Span<float>(sums, count).Clear();
        }

        /// <summary>Some columns of an output row.</summary>
        /// <param name="firstRow">The first kernel row that is inside the image.</param>
        /// <param name="endRow">One past the last.</param>
        private void AddBlock(int line, int q, int count, int firstRow, int endRow)
        {
            var gradient = dy + ((nint)line * geometry.Q + q) * channels;
            for (var start = 0; start < lanes; start += V.Width)
            {
                var lane = Math.Min(start, lanes - V.Width);
                // The rows above have been read for the row of outputs before this one.
                var last = (endRow - firstRow) * geometry.C - 1;
                var next = last < 0 ? gradient
                    : inputs.Pointers[last] + InputOffset(q + ColumnsPerBlock, geometry.S - 1);
                AddGradients(gradient + lane, count, sums + (nint)(SumRows(geometry) - 1) * width + start, next + lane);
                var (j, endJ) = (firstRow * geometry.C, endRow * geometry.C);
                for (int rows; j < endJ; j += rows)
                {
                    rows = endJ - j >= 3 ? 3 : 1;
                    AddRows(
                        gradient + lane, q, count, inputs.Pointers + (j - firstRow * geometry.C), rows, lane,
                        sums + (nint)j * geometry.S * width + start);
                }
            }
        }

        /// <summary>The taps of one row of the kernel, or of three.</summary>
        private void AddRows(float* gradient, int q, int count, float** x, int rows, int lane, float* to)
        {
            var (s, perRow) = (0, (nint)geometry.S * width);
            for (; s <= geometry.S - 3; s += 3, to += 3 * width)
            {
                // Where all three taps are inside the image at once, then the columns where one or two are.
                var (left, middle, right) = (columns[s], columns[s + 1], columns[s + 2]);
                var begin = Math.Max(q, Math.Max(left.Begin, Math.Max(middle.Begin, right.Begin)));
                var end = Math.Min(q + count, Math.Min(left.End, Math.Min(middle.End, right.End)));
                if (begin >= end) begin = end = q + count;
                else
                {
                    var dy = gradient + (nint)(begin - q) * channels;
                    var offset = InputOffset(begin, s) + lane;
                    var tapStride = (nint)geometry.Dilation.W * inputs.PixelStride;
                    if (rows == 3)
                        DepthwiseMicroKernels.CorrelateNineTaps<V>(
                            dy, channels, end - begin, x[0] + offset, x[1] + offset, x[2] + offset,
                            ColumnStride, tapStride, to, width, perRow);
                    else
                        DepthwiseMicroKernels.CorrelateThreeTaps<V>(
                            dy, channels, end - begin, x[0] + offset, ColumnStride, tapStride, to, width);
                }

                if (begin == q && end == q + count) continue;
                for (var row = 0; row < rows; row++)
                    for (var tap = 0; tap < 3; tap++)
                    {
                        var sum = to + row * perRow + tap * width;
                        AddTap(gradient, q, (q, begin), x[row] + lane, s + tap, sum);
                        AddTap(gradient, q, (end, q + count), x[row] + lane, s + tap, sum);
                    }
            }

            for (; s < geometry.S; s++, to += width)
                for (var row = 0; row < rows; row++)
                    AddTap(gradient, q, (q, q + count), x[row] + lane, s, to + row * perRow);
        }

        /// <summary>The columns of a range in which a tap is inside the image.</summary>
        private void AddTap(float* gradient, int q, (int Begin, int End) range, float* x, int s, float* to)
        {
            var (begin, end) = (Math.Max(range.Begin, columns[s].Begin), Math.Min(range.End, columns[s].End));
            if (begin < end)
                DepthwiseMicroKernels.CorrelateTap<V>(
                    gradient + (nint)(begin - q) * channels, channels, end - begin, x + InputOffset(begin, s),
                    ColumnStride, to);
        }

        private nint ColumnStride => (nint)geometry.Stride.W * inputs.PixelStride;

        /// <summary>Of what a tap meets at an output column, from the first pixel of an input row.</summary>
        private nint InputOffset(int q, int s) =>
            ((nint)q * geometry.Stride.W + geometry.Origin.W + (nint)s * geometry.Dilation.W) * inputs.PixelStride;

        /// <summary>sums += dy, over some columns; and prefetches dy and x of the next block.</summary>
        /// <param name="next">The input under the last tap of its first column.</param>
        private void AddGradients(float* gradient, int count, float* to, float* next)
        {
            var sum = V.Load(to);
            for (var q = 0; q < count; q++, gradient += channels, next += ColumnStride)
            {
                Prefetcher.PrefetchL1(gradient + (nint)ColumnsPerBlock * channels);
                Prefetcher.PrefetchL1(next);
                sum += V.Load(gradient);
            }

            sum.Store(to);
        }
    }
}
