using System.Numerics;
using System.Runtime.Intrinsics;

namespace PyNetSharp.Kernels;

/// <summary>Max pooling on a CPU.</summary>
/// <remarks>
/// A pixel's channels are contiguous, so both passes are vector operations over channels, one image row after the
/// other. Both are limited by memory, so vectors of 256 bits suffice.
/// </remarks>
internal sealed unsafe class MaxPool2dCpu : IMaxPool2d
{
    private MaxPool2dCpu()
    {
    }

    public static MaxPool2dCpu Instance { get; } = new();

    public void Forward(PoolGeometry geometry, Tensor x, Tensor y, Tensor? argmax)
    {
        var indices = argmax is null ? null : argmax.Pointer;
        if (geometry.IndexFitsInByte) Forward(geometry, x, y, (byte*)indices);
        else Forward(geometry, x, y, (uint*)indices);
    }

    public void Backward(PoolGeometry geometry, Tensor dy, Tensor argmax, Tensor dx)
    {
        if (geometry.IndexFitsInByte) Backward(geometry, dy, (byte*)argmax.Pointer, dx);
        else Backward(geometry, dy, (uint*)argmax.Pointer, dx);
    }

    private static void Forward<TIndex>(PoolGeometry geometry, Tensor x, Tensor y, TIndex* argmax)
        where TIndex : unmanaged, INumberBase<TIndex>
    {
        using var windows = new PoolWindows(x.Device, geometry);
        x.Cpu.ForRanges(
            geometry.Images * geometry.Rows.Outputs, windows.LinesPerTask,
            new ForwardBody<TIndex>(geometry, windows.Rows, windows.Columns, x.Pointer, y.Pointer, argmax));
    }

    /// <summary>Some rows of the output images.</summary>
    private readonly struct ForwardBody<TIndex>(
        PoolGeometry geometry, PoolWindow* rows, PoolWindow* columns, float* x, float* y, TIndex* argmax) : IRangeBody
        where TIndex : unmanaged, INumberBase<TIndex>
    {
        public void Run(int start, int length)
        {
            var (channels, height, width) = (geometry.Channels, geometry.Height, geometry.Width);
            var outputs = geometry.Columns.Outputs;
            var fillsVector = Vector256.IsHardwareAccelerated && typeof(TIndex) == typeof(byte)
                && channels < MaxAccumulator8.Width && 2 * channels >= MaxAccumulator8.Width;
            var (rowStride, pixelStride) = (
                (long)width * channels * geometry.Rows.Dilation, (long)channels * geometry.Columns.Dilation);
            for (var line = start; line < start + length; line++)
            {
                var (image, row) = Math.DivRem(line, geometry.Rows.Outputs);
                var vertical = rows[row];
                for (var column = 0; column < outputs; column++)
                {
                    var horizontal = columns[column];
                    var corner = x + (((long)image * height + vertical.Start) * width + horizontal.Start) * channels;
                    var pixel = ((long)line * outputs + column) * channels;
                    // With fewer channels than lanes, the last lanes take the next pixel, which is computed after.
                    var isLast = column == outputs - 1
                        || horizontal.Start + (horizontal.Length - 1) * geometry.Columns.Dilation >= width - 1;
                    var lanes = fillsVector && !isLast ? MaxAccumulator8.Width : channels;
                    MaxOverWindow(
                        corner, rowStride, pixelStride, vertical.Length, horizontal.Length, lanes,
                        y + pixel, argmax == null ? null : argmax + pixel);
                }
            }
        }
    }

    /// <summary>
    /// One output pixel: the maxima over a window of height × width pixels, and their indices unless null.
    /// </summary>
    /// <param name="x">The window's first pixel.</param>
    /// <param name="stride">Floats from one row of the window to the next.</param>
    /// <param name="pixel">Floats from one pixel of a row to the next.</param>
    private static void MaxOverWindow<TIndex>(
        float* x, long stride, long pixel, int height, int width, int channels, float* y, TIndex* argmax)
        where TIndex : unmanaged, INumberBase<TIndex>
    {
        var inBytes = typeof(TIndex) == typeof(byte);
        if (inBytes && Vector256.IsHardwareAccelerated && channels >= MaxAccumulator8.Width)
            MaxOverWindow<MaxAccumulator8>(x, stride, pixel, height, width, channels, y, (byte*)argmax);
        else if (inBytes && Vector128.IsHardwareAccelerated && channels >= MaxAccumulator4.Width)
            MaxOverWindow<MaxAccumulator4>(x, stride, pixel, height, width, channels, y, (byte*)argmax);
        else
            for (var c = 0; c < channels; c++)
            {
                var (max, indexOfMax, index) = (x[c], 0u, 0u);
                for (var i = 0; i < height; i++)
                    for (var j = 0; j < width; j++, index++)
                    {
                        var value = x[i * stride + j * pixel + c];
                        if (value > max || float.IsNaN(value)) (max, indexOfMax) = (value, index);
                    }

                y[c] = max;
                if (argmax != null) argmax[c] = TIndex.CreateTruncating(indexOfMax);
            }
    }

    private static void MaxOverWindow<TMaxima>(
        float* x, long stride, long pixel, int height, int width, int channels, float* y, byte* argmax)
        where TMaxima : struct, IMaxAccumulator<TMaxima>
    {
        for (var start = 0; start < channels; start += TMaxima.Width)
        {
            var c = Math.Min(start, channels - TMaxima.Width);      // the last vector may overlap the one before
            var (maxima, index) = (TMaxima.Load(x + c), 0u);
            for (var i = 0; i < height; i++)
            {
                var input = x + i * stride + c;
                for (var j = 0; j < width; j++, input += pixel, index++) maxima = maxima.Update(input, index);
            }

            maxima.Store(y + c);
            if (argmax != null) maxima.StoreArgmax(argmax + c);
        }
    }

    /// <summary>
    /// Each input adds up the outputs whose maximum it is. It is written by one thread, its outputs in a fixed order,
    /// so overlapping windows need neither locks nor a cleared gradient.
    /// </summary>
    private static void Backward<TIndex>(PoolGeometry geometry, Tensor dy, TIndex* argmax, Tensor dx)
        where TIndex : unmanaged, INumberBase<TIndex>
    {
        var (channels, height, width) = (geometry.Channels, geometry.Height, geometry.Width);
        var (rows, columns) = (geometry.Rows.Windows(), geometry.Columns.Windows());
        var (coveringRows, coveringColumns) = (geometry.Rows.CoveringOutputs(), geometry.Columns.CoveringOutputs());
        float* from = dy.Pointer, to = dx.Pointer;
        if (typeof(TIndex) == typeof(byte) && Vector128.IsHardwareAccelerated && channels >= Vector128<float>.Count
            && (geometry.Rows.Dilation, geometry.Columns.Dilation) == (1, 1)
            && IsPartition(coveringRows) && IsPartition(coveringColumns))
        {
            ScatterGradient(geometry, rows, columns, from, (byte*)argmax, to, dx.Cpu);
            return;
        }

        var (down, across) = (geometry.Rows.Dilation, geometry.Columns.Dilation);
        dx.Cpu.For(geometry.Images * height, line =>
        {
            var (image, h) = Math.DivRem(line, height);
            var (firstRow, endRow) = coveringRows[h];
            for (var w = 0; w < width; w++)
            {
                var (firstColumn, endColumn) = coveringColumns[w];
                var target = to + ((long)line * width + w) * channels;
                var first = true;
                for (var row = firstRow; row < endRow; row++)
                    for (var column = firstColumn; column < endColumn; column++)
                    {
                        var (vertical, horizontal) = (rows[row], columns[column]);
                        var (i, j) = (h - vertical.Start, w - horizontal.Start);
                        if ((down > 1 && !DivideExactly(ref i, down)) || (across > 1 && !DivideExactly(ref j, across)))
                            continue;
                        var index = (uint)(i * horizontal.Length + j);
                        var pixel = (((long)image * rows.Length + row) * columns.Length + column) * channels;
                        if (first) StoreMasked(from + pixel, argmax + pixel, index, target, channels);
                        else AddMasked(from + pixel, argmax + pixel, index, target, channels);
                        first = false;
                    }

                if (first) new Span<float>(target, channels).Clear();
            }
        });
    }

    /// <summary>Whether an input lies on a window's pixels, which are <paramref name="dilation"/> apart.</summary>
    private static bool DivideExactly(ref int offset, int dilation)
    {
        (offset, var rest) = Math.DivRem(offset, dilation);
        return rest == 0;
    }

    /// <summary>Whether each input is covered by exactly one output.</summary>
    private static bool IsPartition((int First, int End)[] coveringOutputs) =>
        Array.TrueForAll(coveringOutputs, c => c.End - c.First == 1);

    /// <summary>The same where windows neither overlap nor leave gaps: each output writes its whole window.</summary>
    private static void ScatterGradient(
        PoolGeometry geometry, PoolWindow[] rows, PoolWindow[] columns, float* dy, byte* argmax, float* dx,
        CpuDevice cpu)
    {
        var (channels, height, width) = (geometry.Channels, geometry.Height, geometry.Width);
        cpu.For(geometry.Images * rows.Length, line =>
        {
            var (image, row) = Math.DivRem(line, rows.Length);
            var vertical = rows[row];
            for (var column = 0; column < columns.Length; column++)
            {
                var horizontal = columns[column];
                var corner = dx + (((long)image * height + vertical.Start) * width + horizontal.Start) * channels;
                var pixel = ((long)line * columns.Length + column) * channels;
                var (size, stride) = ((vertical.Length, horizontal.Length), width * channels);
                if (Vector256.IsHardwareAccelerated && channels >= Vector256<float>.Count)
                    ScatterGradient8(dy + pixel, argmax + pixel, corner, stride, size, channels);
                else
                    ScatterGradient4(dy + pixel, argmax + pixel, corner, stride, size, channels);
            }
        });
    }

    /// <summary>One output pixel's gradient: to the maxima in its window, zeros elsewhere.</summary>
    /// <param name="dx">The window's first pixel.</param>
    /// <param name="stride">Floats from one row of the window to the next.</param>
    /// <param name="size">The window's.</param>
    private static void ScatterGradient8(
        float* dy, byte* argmax, float* dx, int stride, (int H, int W) size, int channels)
    {
        for (var start = 0; start < channels; start += Vector256<float>.Count)
        {
            var c = Math.Min(start, channels - Vector256<float>.Count);     // the last vector may overlap
            var (gradient, indices, index) = (Vector256.Load(dy + c), LoadWidened(argmax + c), 0u);
            for (var i = 0; i < size.H; i++)
            {
                var pixel = dx + (long)i * stride + c;
                for (var j = 0; j < size.W; j++, pixel += channels, index++)
                    (gradient & Vector256.Equals(indices, Vector256.Create(index)).AsSingle()).Store(pixel);
            }
        }
    }

    /// <summary>As <see cref="ScatterGradient8"/>, four channels at a time.</summary>
    private static void ScatterGradient4(
        float* dy, byte* argmax, float* dx, int stride, (int H, int W) size, int channels)
    {
        for (var start = 0; start < channels; start += Vector128<float>.Count)
        {
            var c = Math.Min(start, channels - Vector128<float>.Count);
            var bytes = Vector128.CreateScalarUnsafe(*(uint*)(argmax + c)).AsByte();
            var indices = Vector128.WidenLower(Vector128.WidenLower(bytes));
            var (gradient, index) = (Vector128.Load(dy + c), 0u);
            for (var i = 0; i < size.H; i++)
            {
                var pixel = dx + (long)i * stride + c;
                for (var j = 0; j < size.W; j++, pixel += channels, index++)
                    (gradient & Vector128.Equals(indices, Vector128.Create(index)).AsSingle()).Store(pixel);
            }
        }
    }

    /// <summary>dx = dy where the maximum has this index, else 0.</summary>
    private static void StoreMasked<TIndex>(float* dy, TIndex* argmax, uint index, float* dx, int channels)
        where TIndex : unmanaged, INumberBase<TIndex>
    {
        var c = 0;
        if (Vector256.IsHardwareAccelerated && typeof(TIndex) == typeof(byte))
            for (; c <= channels - Vector256<float>.Count; c += Vector256<float>.Count)
                MaskByArgmax(dy + c, (byte*)argmax + c, index).Store(dx + c);

        var sought = TIndex.CreateTruncating(index);
        for (; c < channels; c++) dx[c] = MaskByArgmax(dy[c], argmax[c] == sought);
    }

    /// <summary>dx += dy where the maximum has this index.</summary>
    private static void AddMasked<TIndex>(float* dy, TIndex* argmax, uint index, float* dx, int channels)
        where TIndex : unmanaged, INumberBase<TIndex>
    {
        var c = 0;
        if (Vector256.IsHardwareAccelerated && typeof(TIndex) == typeof(byte))
            for (; c <= channels - Vector256<float>.Count; c += Vector256<float>.Count)
                (Vector256.Load(dx + c) + MaskByArgmax(dy + c, (byte*)argmax + c, index)).Store(dx + c);

        var sought = TIndex.CreateTruncating(index);
        for (; c < channels; c++) dx[c] += MaskByArgmax(dy[c], argmax[c] == sought);
    }

    /// <summary>dy or 0, without a branch.</summary>
    private static float MaskByArgmax(float dy, bool isMax) =>
        BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(dy) & -(isMax ? 1 : 0));

    /// <summary>dy or 0, eight channels.</summary>
    private static Vector256<float> MaskByArgmax(float* dy, byte* argmax, uint index) =>
        Vector256.Load(dy) & Vector256.Equals(LoadWidened(argmax), Vector256.Create(index)).AsSingle();

    /// <summary>Eight bytes as eight uints.</summary>
    private static Vector256<uint> LoadWidened(byte* from)
    {
        var shorts = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)from).AsByte());
        return Vector256.WidenLower(shorts.ToVector256Unsafe());
    }
}
