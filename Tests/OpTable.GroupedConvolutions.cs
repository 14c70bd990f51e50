namespace PyNetSharp.Tests;

/// <summary>Convolutions with groups, depthwise ones among them, and with dilation.</summary>
public static partial class OpTable
{
    private static OpRow[] GroupedConvolutions =>
    [
        // Few channels per group: vectors across groups
        Conv2d([2, 6, 6, 5], 4, (3, 3), groups: 2, padding: (1, 1)),
        Conv2d([1, 9, 7, 6], 15, (2, 3), groups: 3, stride: (2, 1), padding: (1, 0)),
        Conv2d([2, 24, 5, 6], 18, (3, 3), groups: 6, padding: (1, 1)) with
        {
            LargeShapes = [[3, 64, 20, 17], [64, 4, 3, 3], [64]],
        },
        Conv2d([2, 8, 11, 13], 12, (3, 2), groups: 4, stride: (2, 3), padding: (2, 1), dilation: (2, 3)),
        Conv2d([1, 10, 4, 5], 10, (1, 1), groups: 5),
        // Channels that fill vectors: group by group
        Conv2d([2, 36, 6, 5], 48, (3, 3), groups: 2, padding: (1, 1)) with
        {
            LargeShapes = [[3, 64, 16, 14], [64, 32, 3, 3], [64]],
        },
        Conv2d([1, 51, 5, 6], 57, (3, 3), groups: 3, stride: (2, 2), padding: (1, 1), dilation: (1, 2)),
        Conv2d([2, 34, 4, 3], 40, (1, 1), groups: 2),
        Conv2d([1, 6, 5, 6], 70, (3, 3), groups: 2, padding: (1, 1)),
        Conv2d([1, 70, 5, 6], 6, (3, 3), groups: 2, padding: (1, 1)),
        // Depthwise
        Conv2d([2, 17, 7, 9], 17, (3, 3), groups: 17, padding: (1, 1)) with
        {
            LargeShapes = [[4, 96, 30, 31], [96, 1, 3, 3], [96]],
        },
        Conv2d([2, 20, 8, 7], 20, (3, 3), groups: 20, stride: (2, 2), padding: (1, 1)) with
        {
            LargeShapes = [[4, 80, 30, 31], [80, 1, 3, 3], [80]],
        },
        Conv2d([1, 16, 7, 40], 16, (3, 3), groups: 16, padding: (1, 1)),     // more positions than a GPU's thread adds
        Conv2d([1, 33, 6, 8], 33, (5, 5), groups: 33, padding: (2, 2)),
        Conv2d([2, 3, 6, 5], 3, (3, 2), groups: 3, padding: (0, 1)),
        Conv2d([1, 5, 3, 2], 5, (5, 7), groups: 5, stride: (1, 2), padding: (4, 6)),
        Conv2d([2, 12, 9, 8], 12, (3, 3), groups: 12, padding: (2, 2), dilation: (2, 2)),
        Conv2d([1, 8, 9, 10], 8, (3, 3), groups: 8, stride: (2, 3), padding: (3, 2), dilation: (3, 2)),
        Conv2d([2, 21, 3, 4], 21, (1, 1), groups: 21),
        Conv2d([2, 9, 6, 7], 18, (3, 3), groups: 9, padding: (1, 1)) with
        {
            LargeShapes = [[3, 40, 20, 17], [80, 1, 3, 3], [80]],
        },
        Conv2d([2, 7, 8, 7], 21, (3, 3), groups: 7, stride: (2, 2), padding: (1, 1), dilation: (1, 2)),
        // Dilation alone
        Conv2d([2, 3, 8, 9], 4, (3, 3), padding: (2, 2), dilation: (2, 2)),
        Conv2d([2, 18, 9, 8], 20, (3, 3), padding: (2, 1), dilation: (2, 1)) with
        {
            LargeShapes = [[3, 32, 20, 18], [48, 32, 3, 3], [48]],
        },
        Conv2d([1, 3, 11, 12], 5, (4, 3), stride: (2, 2), padding: (3, 4), dilation: (3, 2)),
        Conv2d([1, 2, 13, 14], 3, (3, 4), stride: (4, 2), padding: (2, 0), dilation: (2, 4)),
        Conv2d([1, 2, 9, 10], 3, (2, 2), stride: (6, 3), padding: (1, 0), dilation: (4, 6)),
        new(
            "Conv2d, depthwise without bias", x => x[0].Conv2d(x[1], padding: 1, groups: 18),
            [2, 18, 4, 5], [18, 1, 3, 3])
        {
            Step = 1, ValueTolerance = 1e-5,
            Reference = x => Conv2dReference(x[0], x[1], (1, 1), (1, 1), (1, 1), 18),
        },
        new(
            "Conv2d, depthwise with ReLU", x => x[0].Conv2d(x[1], x[2], dilation: 2, groups: 6, relu: true),
            [2, 6, 7, 9], [12, 1, 3, 3], [12])
        {
            Low = 0.1f, ValueTolerance = 1e-5,
            Reference = x => AddBias(Conv2dReference(x[0], x[1], (1, 1), (0, 0), (2, 2), 6), x[2]),
        },
    ];

    private static ShapeErrorRow[] GroupedConvolutionErrors =>
    [
        new("Conv2d", x => x[0].Conv2d(x[1], groups: 2), [1, 3, 8, 8], [4, 1, 3, 3]),
        new("Conv2d", x => x[0].Conv2d(x[1], groups: 2), [1, 4, 8, 8], [3, 2, 3, 3]),
        new("Conv2d", x => x[0].Conv2d(x[1], groups: 2), [1, 4, 8, 8], [4, 4, 3, 3]),
        new("Conv2d", x => x[0].Conv2d(x[1], x[2], groups: 2), [1, 4, 8, 8], [4, 2, 3, 3], [2]),
        new("Conv2d", x => x[0].Conv2d(x[1], dilation: 4), [1, 3, 8, 9], [4, 3, 3, 3]),
        new("Conv2d", x => x[0].Conv2d(x[1], dilation: int.MaxValue), [1, 3, 8, 9], [4, 3, 3, 3]),
        new("Conv2d", x => x[0].Conv2d(x[1], groups: int.MaxValue), [1, 3, 8, 9], [3, 1, 3, 3]),
    ];

    private static OpRow Conv2d(
        Shape x, int outputs, (int H, int W) kernel, int groups = 1, (int H, int W)? stride = null,
        (int H, int W) padding = default, (int H, int W)? dilation = null)
    {
        var (step, spread) = (stride ?? (1, 1), dilation ?? (1, 1));
        return new(
            $"Conv2d, stride {step}, padding {padding}, dilation {spread}, groups {groups}",
            // Of the same number of channels per group for other shapes
            x => x[0].Conv2d(x[1], x[2], step, padding, spread, x[0].Shape[1] / Math.Max(1, x[1].Shape[1])),
            x, [outputs, x[1] / groups, kernel.H, kernel.W], [outputs])
        {
            Step = 1, ValueTolerance = 1e-5,
            Reference = x => AddBias(Conv2dReference(x[0], x[1], step, padding, spread, groups), x[2]),
        };
    }

    private static ReferenceTensor Conv2dReference(
        ReferenceTensor x, ReferenceTensor w, (int H, int W) stride, (int H, int W) padding, (int H, int W) dilation,
        int groups)
    {
        var ((_, _, height, width), (outputs, channels, kh, kw)) = (x.Shape, w.Shape);
        var p = (height + 2 * padding.H - (kh - 1) * dilation.H - 1) / stride.H + 1;
        var q = (width + 2 * padding.W - (kw - 1) * dilation.W - 1) / stride.W + 1;
        Shape shape = [x.Shape[0], outputs, p, q];
        return ReferenceTensor.Of(shape, i =>
        {
            var (sum, first) = (0.0, i[1] / (outputs / groups) * channels);
            for (var c = 0; c < channels; c++)
                for (var r = 0; r < kh; r++)
                    for (var s = 0; s < kw; s++)
                    {
                        var h = i[2] * stride.H - padding.H + r * dilation.H;
                        var v = i[3] * stride.W - padding.W + s * dilation.W;
                        if (h >= 0 && v >= 0 && h < height && v < width)
                            sum += x[i[0], first + c, h, v] * w[i[1], c, r, s];
                    }

            return sum;
        });
    }
}
