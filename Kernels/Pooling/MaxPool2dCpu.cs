using System.Numerics;
using System.Runtime.Intrinsics;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <remarks>
/// A pixel's channels are contiguous, so both passes are vector operations over channels, one image row after the other.
/// Both are bound by memory, and 256 bits do.
/// </remarks>
internal sealed unsafe partial class MaxPool2dOp
{
    private void MaxOverWindows<TPlace>(Tensor x, Tensor y, TPlace* places) where TPlace : unmanaged, INumberBase<TPlace>
    {
        var (images, channels, height, width) = shape;
        float* from = x.Pointer, to = y.Pointer;

        x.Cpu.For(images * rows.Outputs, line =>
        {
            var (image, row) = Math.DivRem(line, rows.Outputs);
            var down = rows[row];
            for (var column = 0; column < columns.Outputs; column++)
            {
                var across = columns[column];
                var corner = from + (((long)image * height + down.Start) * width + across.Start) * channels;
                var pixel = ((long)line * columns.Outputs + column) * channels;
                MaxOverWindows(
                    corner, width * channels, down.Length, across.Length, channels,
                    to + pixel, places == null ? null : places + pixel);
            }
        });
    }

    /// <summary>
    /// One output pixel: the maxima over a window of height × width pixels from x on, whose rows are so many floats apart,
    /// and their places, unless that is null.
    /// </summary>
    private static void MaxOverWindows<TPlace>(
        float* x, int stride, int height, int width, int channels, float* y, TPlace* places)
        where TPlace : unmanaged, INumberBase<TPlace>
    {
        var inBytes = typeof(TPlace) == typeof(byte);
        if (inBytes && Vector256.IsHardwareAccelerated && channels >= MaxAccumulator8.Width)
            MaxOverWindows<MaxAccumulator8>(x, stride, height, width, channels, y, (byte*)places);
        else if (inBytes && Vector128.IsHardwareAccelerated && channels >= MaxAccumulator4.Width)
            MaxOverWindows<MaxAccumulator4>(x, stride, height, width, channels, y, (byte*)places);
        else
            for (var c = 0; c < channels; c++)
            {
                var (best, place, number) = (x[c], 0u, 0u);
                for (var i = 0; i < height; i++)
                    for (var j = 0; j < width; j++, number++)
                        if (x[(long)i * stride + (long)j * channels + c] is var value && (value > best || float.IsNaN(value)))
                            (best, place) = (value, number);

                y[c] = best;
                if (places != null) places[c] = TPlace.CreateTruncating(place);
            }
    }

    private static void MaxOverWindows<TMaxima>(float* x, int stride, int height, int width, int channels, float* y, byte* places)
        where TMaxima : struct, IMaxAccumulator<TMaxima>
    {
        for (var start = 0; start < channels; start += TMaxima.Width)
        {
            var c = Math.Min(start, channels - TMaxima.Width);      // the last vector may repeat channels of the one before
            var (maxima, number) = (TMaxima.Load(x + c), 0u);
            for (var i = 0; i < height; i++)
            {
                var pixel = x + (long)i * stride + c;
                for (var j = 0; j < width; j++, pixel += channels, number++) maxima = maxima.Update(pixel, number);
            }

            maxima.Store(y + c);
            if (places != null) maxima.StoreArgmax(places + c);
        }
    }

    /// <summary>
    /// Every input collects from the outputs that it won. Each is written by one thread, its outputs in a fixed order, so
    /// overlapping windows need neither locks nor a cleared gradient.
    /// </summary>
    private void GatherGradient<TPlace>(Tensor dy, TPlace* places, Tensor dx) where TPlace : unmanaged, INumberBase<TPlace>
    {
        var (images, channels, height, width) = shape;
        float* from = dy.Pointer, to = dx.Pointer;
        if (typeof(TPlace) == typeof(byte) && Vector128.IsHardwareAccelerated && channels >= Vector128<float>.Count
            && rows.IsPartition && columns.IsPartition)
        {
            ScatterGradient(from, (byte*)places, to, dx.Cpu);
            return;
        }

        dx.Cpu.For(images * height, line =>
        {
            var (image, h) = Math.DivRem(line, height);
            var (firstRow, endRow) = rows.Covering(h);
            for (var w = 0; w < width; w++)
            {
                var (firstColumn, endColumn) = columns.Covering(w);
                var target = to + ((long)line * width + w) * channels;
                if (firstRow == endRow || firstColumn == endColumn) new Span<float>(target, channels).Clear();

                var first = true;
                for (var row = firstRow; row < endRow; row++)
                    for (var column = firstColumn; column < endColumn; column++, first = false)
                    {
                        var (down, across) = (rows[row], columns[column]);
                        var place = (uint)((h - down.Start) * across.Length + w - across.Start);
                        var pixel = (((long)image * rows.Outputs + row) * columns.Outputs + column) * channels;
                        if (first) StoreMasked(from + pixel, places + pixel, place, target, channels);
                        else AddMasked(from + pixel, places + pixel, place, target, channels);
                    }
            }
        });
    }

    /// <summary>The same where windows neither overlap nor leave gaps: every output writes its whole window.</summary>
    private void ScatterGradient(float* dy, byte* places, float* dx, CpuDevice cpu)
    {
        var (images, channels, height, width) = shape;
        cpu.For(images * rows.Outputs, line =>
        {
            var (image, row) = Math.DivRem(line, rows.Outputs);
            var down = rows[row];
            for (var column = 0; column < columns.Outputs; column++)
            {
                var across = columns[column];
                var corner = dx + (((long)image * height + down.Start) * width + across.Start) * channels;
                var pixel = ((long)line * columns.Outputs + column) * channels;
                if (Vector256.IsHardwareAccelerated && channels >= Vector256<float>.Count)
                    ScatterGradient8(dy + pixel, places + pixel, corner, width * channels, down.Length, across.Length, channels);
                else
                    ScatterGradient4(dy + pixel, places + pixel, corner, width * channels, down.Length, across.Length, channels);
            }
        });
    }

    /// <summary>One output pixel's gradient: to the winners in a window of height × width pixels from dx on, zeros elsewhere.</summary>
    private static void ScatterGradient8(float* dy, byte* places, float* dx, int stride, int height, int width, int channels)
    {
        for (var start = 0; start < channels; start += Vector256<float>.Count)
        {
            var c = Math.Min(start, channels - Vector256<float>.Count);     // the last vector may repeat channels
            var (gradient, winners, number) = (Vector256.Load(dy + c), LoadWidened(places + c), 0u);
            for (var i = 0; i < height; i++)
            {
                var pixel = dx + (long)i * stride + c;
                for (var j = 0; j < width; j++, pixel += channels, number++)
                    (gradient & Vector256.Equals(winners, Vector256.Create(number)).AsSingle()).Store(pixel);
            }
        }
    }

    /// <summary>As <see cref="ScatterGradient8"/>, four channels at a time.</summary>
    private static void ScatterGradient4(float* dy, byte* places, float* dx, int stride, int height, int width, int channels)
    {
        for (var start = 0; start < channels; start += Vector128<float>.Count)
        {
            var c = Math.Min(start, channels - Vector128<float>.Count);
            var bytes = Vector128.CreateScalarUnsafe(*(uint*)(places + c)).AsByte();
            var (gradient, winners, number) = (Vector128.Load(dy + c), Vector128.WidenLower(Vector128.WidenLower(bytes)), 0u);
            for (var i = 0; i < height; i++)
            {
                var pixel = dx + (long)i * stride + c;
                for (var j = 0; j < width; j++, pixel += channels, number++)
                    (gradient & Vector128.Equals(winners, Vector128.Create(number)).AsSingle()).Store(pixel);
            }
        }
    }

    /// <summary>dx = dy where this place won, else 0.</summary>
    private static void StoreMasked<TPlace>(float* dy, TPlace* places, uint place, float* dx, int channels)
        where TPlace : unmanaged, INumberBase<TPlace>
    {
        var c = 0;
        if (Vector256.IsHardwareAccelerated && typeof(TPlace) == typeof(byte))
            for (; c <= channels - Vector256<float>.Count; c += Vector256<float>.Count)
                MaskByArgmax(dy + c, (byte*)places + c, place).Store(dx + c);

        var sought = TPlace.CreateTruncating(place);
        for (; c < channels; c++) dx[c] = MaskByArgmax(dy[c], places[c] == sought);
    }

    /// <summary>dx += dy where this place won.</summary>
    private static void AddMasked<TPlace>(float* dy, TPlace* places, uint place, float* dx, int channels)
        where TPlace : unmanaged, INumberBase<TPlace>
    {
        var c = 0;
        if (Vector256.IsHardwareAccelerated && typeof(TPlace) == typeof(byte))
            for (; c <= channels - Vector256<float>.Count; c += Vector256<float>.Count)
                (Vector256.Load(dx + c) + MaskByArgmax(dy + c, (byte*)places + c, place)).Store(dx + c);

        var sought = TPlace.CreateTruncating(place);
        for (; c < channels; c++) dx[c] += MaskByArgmax(dy[c], places[c] == sought);
    }

    /// <summary>dy or 0, without a branch.</summary>
    private static float MaskByArgmax(float dy, bool won) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(dy) & -(won ? 1 : 0));

    /// <summary>dy or 0, eight channels.</summary>
    private static Vector256<float> MaskByArgmax(float* dy, byte* places, uint place) =>
        Vector256.Load(dy) & Vector256.Equals(LoadWidened(places), Vector256.Create(place)).AsSingle();

    /// <summary>Eight bytes as eight uints.</summary>
    private static Vector256<uint> LoadWidened(byte* from)
    {
        var shorts = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)from).AsByte());
        return Vector256.WidenLower(shorts.ToVector256Unsafe());
    }
}
