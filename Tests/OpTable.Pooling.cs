namespace PyNetSharp.Tests;

/// <summary>Pooling: padding, rounding up, overlap, gaps, and channels that fill vectors or do not.</summary>
public static partial class OpTable
{
    private static OpRow[] Poolings =>
    [
        MaxPool([2, 3, 6, 6], (2, 2), (2, 2)) with { LargeShapes = [[8, 96, 32, 32]] },
        MaxPool([2, 1, 7, 5], (2, 2), (2, 2)),
        MaxPool([2, 6, 6, 4], (2, 2), (2, 2)) with { LargeShapes = [[8, 6, 28, 28]] },      // a partition of the image
        MaxPool([2, 17, 4, 9], (2, 3), (2, 3)),
        MaxPool([2, 17, 7, 9], (3, 3), (2, 2)) with { LargeShapes = [[8, 40, 27, 27]] },
        MaxPool([1, 33, 5, 4], (3, 3), (1, 1), (1, 1)),
        MaxPool([1, 8, 6, 8], (3, 3), (2, 2), ceilMode: true),
        MaxPool([2, 5, 6, 7], (3, 2), (2, 3), (1, 0)),
        MaxPool([1, 16, 5, 5], (3, 3), (2, 2), (1, 1), ceilMode: true),
        MaxPool([1, 4, 9, 8], (2, 1), (3, 4)),
        MaxPool([1, 9, 18, 17], (17, 17), (1, 1), (8, 8)),      // more inputs in a window than a byte can index
        MaxPool([2, 17, 8, 9], (3, 3), (1, 1), (1, 1), dilation: (2, 2)) with { LargeShapes = [[8, 40, 27, 27]] },
        MaxPool([2, 5, 9, 11], (3, 2), (2, 3), (1, 1), dilation: (3, 2)),
        MaxPool([1, 8, 8, 7], (2, 2), (2, 2), dilation: (2, 3)),
        MaxPool([1, 4, 9, 10], (3, 3), (2, 2), (1, 1), ceilMode: true, dilation: (3, 2)),
        MaxPool([1, 3, 19, 18], (17, 17), (1, 1), (8, 8), dilation: (2, 1)),
        AvgPool([2, 3, 6, 6], (2, 2), (2, 2)) with { LargeShapes = [[8, 96, 32, 32]] },
        AvgPool([2, 17, 7, 9], (3, 3), (2, 2)) with { LargeShapes = [[8, 40, 27, 27]] },
        AvgPool([1, 5, 5, 4], (3, 3), (1, 1), (1, 1)),
        AvgPool([1, 5, 5, 4], (3, 3), (1, 1), (1, 1), countIncludePad: false),
        AvgPool([1, 8, 6, 8], (3, 3), (2, 2), ceilMode: true),
        AvgPool([1, 3, 6, 8], (4, 4), (3, 3), (2, 2), ceilMode: true),
        AvgPool([1, 3, 6, 8], (4, 4), (3, 3), (2, 2), ceilMode: true, countIncludePad: false),
        AvgPool([2, 1, 6, 7], (3, 2), (2, 3), (1, 0)),
        AvgPool([1, 4, 9, 8], (2, 1), (3, 4)),
        AvgPool([2, 600, 2, 2], (2, 2), (2, 2)),                // more channels than a block
        AdaptiveAvgPool([2, 3, 6, 6], 3, 2) with { LargeShapes = [[8, 96, 13, 13]] },
        AdaptiveAvgPool([2, 17, 7, 5], 3, 4),
        AdaptiveAvgPool([1, 8, 2, 3], 5, 6),
        AdaptiveAvgPool([2, 5, 6, 6], 6, 6),
        AdaptiveAvgPool([2, 5, 6, 4], 1, 1),
        new("GlobalAvgPool2d", x => x[0].GlobalAvgPool2d(), [2, 10, 8, 7])
        {
            Step = 1, LargeShapes = [[8, 96, 32, 32]],
            Reference = x => AvgPoolReference(x[0], AdaptiveWindows(8, 1), AdaptiveWindows(7, 1)).Reshape([2, 10]),
        },
    ];

    private static ShapeErrorRow[] PoolingErrors =>
    [
        new("MaxPool2d", x => x[0].MaxPool2d((3, 3)), [2, 3, 4]),
        new("MaxPool2d", x => x[0].MaxPool2d((3, 3)), [2, 3, 2, 4]),
        new("MaxPool2d", x => x[0].MaxPool2d((3, 3), padding: (1, 1)), [2, 3, 0, 4]),
        new("MaxPool2d", x => x[0].MaxPool2d((3, 3), dilation: (2, 1)), [2, 3, 4, 4]),
        new("MaxPool2d", x => x[0].MaxPool2d((2, 2), padding: (1, 0), dilation: (4, 1)), [2, 3, 3, 4]),
        new("MaxPool2d", x => x[0].MaxPool2d((2, 2), dilation: (int.MaxValue, 1)), [2, 3, 3, 4]),
        new("AvgPool2d", x => x[0].AvgPool2d((3, 4)), [2, 3, 4, 3]),
        new("AvgPool2d", x => x[0].AvgPool2d((3, 4)), [12]),
        new("AdaptiveAvgPool2d", x => x[0].AdaptiveAvgPool2d(2, 2), [2, 3]),
        new("AdaptiveAvgPool2d", x => x[0].AdaptiveAvgPool2d(2, 2), [2, 3, 4, 0]),
        new("GlobalAvgPool2d", x => x[0].GlobalAvgPool2d(), [2, 3]),
        new("GlobalAvgPool2d", x => x[0].GlobalAvgPool2d(), [2, 3, 0, 4]),
    ];

    /// <summary>
    /// On inputs so far apart within each window that no step changes the maximum: then the op is linear, and central
    /// differences are exact.
    /// </summary>
    private static OpRow MaxPool(
        Shape shape, (int H, int W) kernel, (int H, int W) stride, (int H, int W) padding = default,
        bool ceilMode = false, (int H, int W)? dilation = null)
    {
        var (down, across) = dilation ?? (1, 1);
        (int H, int W) size = ((kernel.H - 1) * down + 1, (kernel.W - 1) * across + 1);     // all its values differ
        return new(
            $"MaxPool2d {kernel}, stride {stride}, padding {padding}" +
            $"{(dilation is null ? "" : $", dilation {dilation}")}{(ceilMode ? ", ceil" : "")}",
            x => (x[0] + SeparatedValues(x[0].Shape, size, x[0].Device))
                .MaxPool2d(kernel, stride, padding, dilation, ceilMode),
            shape)
        {
            Step = 1,
            Tolerance = 1e-2,       // results up to 5·289 are rounded to 6e-5, some hundred of them
            ValueTolerance = 0,
            Reference = x => MaxPoolReference(
                ReferenceTensor.Of(ToTensor(x[0]) + SeparatedValues(shape, size, Device.Cpu)),
                PoolingWindows(shape[2], kernel.H, stride.H, padding.H, ceilMode, dilation: down),
                PoolingWindows(shape[3], kernel.W, stride.W, padding.W, ceilMode, dilation: across)),
        };
    }

    private static OpRow AvgPool(
        Shape shape, (int H, int W) kernel, (int H, int W) stride, (int H, int W) padding = default,
        bool ceilMode = false, bool countIncludePad = true) =>
        new($"AvgPool2d {kernel}, stride {stride}, padding {padding}" +
            $"{(ceilMode ? ", ceil" : "")}{(countIncludePad ? "" : ", inputs only")}",
            x => x[0].AvgPool2d(kernel, stride, padding, ceilMode, countIncludePad), shape)
        {
            Step = 1,
            Reference = x => AvgPoolReference(
                x[0], PoolingWindows(shape[2], kernel.H, stride.H, padding.H, ceilMode, countIncludePad),
                PoolingWindows(shape[3], kernel.W, stride.W, padding.W, ceilMode, countIncludePad)),
        };

    private static OpRow AdaptiveAvgPool(Shape shape, int height, int width) =>
        new($"AdaptiveAvgPool2d to {height}×{width}", x => x[0].AdaptiveAvgPool2d(height, width), shape)
        {
            Step = 1,
            Reference = x =>
                AvgPoolReference(x[0], AdaptiveWindows(shape[2], height), AdaptiveWindows(shape[3], width)),
        };

    /// <summary>
    /// Values that differ by at least 5 within every window of this size, in another order in each channel.
    /// </summary>
    private static Tensor SeparatedValues(Shape shape, (int H, int W) kernel, Device device)
    {
        var rng = new Rng(5);
        var orders = new int[shape[1]][];
        foreach (ref var order in orders.AsSpan())
        {
            order = [.. Enumerable.Range(0, kernel.H * kernel.W)];
            rng.Shuffle(order.AsSpan());
        }

        var values = ReferenceTensor.Of(shape, i => 5 * orders[i[1]][i[2] % kernel.H * kernel.W + i[3] % kernel.W]);
        return ToTensor(values).To(device);
    }

    private static Tensor ToTensor(ReferenceTensor x) =>
        Tensor.From(x.Shape, [.. x.Values.ToArray().Select(v => (float)v)]);

    /// <summary>PyTorch's rule, written differently: each window's inputs, and what its average divides by.</summary>
    private static (int[] Inputs, int Size)[] PoolingWindows(
        int inputs, int kernel, int stride, int padding, bool ceilMode, bool countPadding = true, int dilation = 1)
    {
        var steps = (inputs + 2 * padding - (kernel - 1) * dilation - 1) / (double)stride;
        var outputs = (int)(ceilMode ? Math.Ceiling(steps) : Math.Floor(steps)) + 1;
        return
        [
            .. Enumerable.Range(0, outputs)
                .Select(o => Enumerable.Range(0, kernel).Select(i => o * stride - padding + i * dilation))
                .Select(window => window.Where(i => i < inputs + padding).ToArray())
                .Where(padded => padded.Length > 0 && padded[0] < inputs)
                .Select(padded => (Inputs: padded.Where(i => i >= 0 && i < inputs).ToArray(), padded.Length))
                .Select(window => (window.Inputs, countPadding ? window.Length : window.Inputs.Length)),
        ];
    }

    private static (int[] Inputs, int Size)[] AdaptiveWindows(int inputs, int outputs) =>
    [
        .. Enumerable.Range(0, outputs)
            .Select(o => (
                Start: (int)Math.Floor(o * inputs / (double)outputs),
                End: (int)Math.Ceiling((o + 1) * inputs / (double)outputs)))
            .Select(w => (Enumerable.Range(w.Start, w.End - w.Start).ToArray(), w.End - w.Start)),
    ];

    private static ReferenceTensor MaxPoolReference(
        ReferenceTensor x, (int[] Inputs, int)[] rows, (int[] Inputs, int)[] columns) =>
        ReferenceTensor.Of([x.Shape[0], x.Shape[1], rows.Length, columns.Length], i =>
            rows[i[2]].Inputs.SelectMany(h => columns[i[3]].Inputs.Select(w => x[i[0], i[1], h, w])).Max());

    private static ReferenceTensor AvgPoolReference(
        ReferenceTensor x, (int[] Inputs, int Size)[] rows, (int[] Inputs, int Size)[] columns) =>
        ReferenceTensor.Of([x.Shape[0], x.Shape[1], rows.Length, columns.Length], i =>
            rows[i[2]].Inputs.SelectMany(h => columns[i[3]].Inputs.Select(w => x[i[0], i[1], h, w])).Sum()
                / ((double)rows[i[2]].Size * columns[i[3]].Size));
}
