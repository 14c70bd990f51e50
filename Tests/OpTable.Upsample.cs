namespace PyNetSharp.Tests;

/// <summary>Nearest and bilinear, larger and smaller, by sizes and by factors.</summary>
public static partial class OpTable
{
    private static OpRow[] Upsamples =>
    [
        Nearest([2, 3, 4, 5], 2, 2) with { LargeShapes = [[4, 40, 13, 17]] },
        Nearest([2, 17, 4, 5], 1.5, 2.6),
        Nearest([1, 5, 7, 6], 0.5, 0.4),
        Nearest([1, 1, 1, 1], 3, 5),
        NearestTo([2, 16, 5, 7], 7, 3),
        Bilinear([2, 3, 4, 5], 2, 2, false) with { LargeShapes = [[4, 40, 13, 17]] },
        Bilinear([2, 17, 4, 5], 1.5, 2.6, false),
        Bilinear([2, 9, 4, 5], 2, 3, true) with { LargeShapes = [[4, 40, 13, 17]] },
        Bilinear([1, 5, 7, 6], 0.5, 0.4, false),
        BilinearTo([2, 16, 5, 7], 8, 3, false),
        BilinearTo([2, 16, 5, 7], 8, 3, true),
        BilinearTo([1, 4, 3, 3], 1, 1, true),
        BilinearTo([1, 2, 1, 3], 70, 5, false),     // more outputs of an input than are added in float
    ];

    private static ShapeErrorRow[] UpsampleErrors =>
    [
        new("Upsample", x => x[0].Upsample(scaleFactor: 2), [3, 4, 5]),
        new("Upsample", x => x[0].Upsample(size: (2, 2)), [1, 3, 0, 5]),
        new("Upsample", x => x[0].Upsample(scaleFactor: 0.2), [1, 3, 4, 5]),
        new("Upsample", x => x[0].Upsample(scaleFactor: 1e10), [1, 3, 4, 5]),
    ];

    private static OpRow Nearest(Shape shape, double h, double w) => Upsample(
        FormattableString.Invariant($"Upsample by {h}, {w}"), x => x.Upsample(scaleFactor: (h, w)), shape,
        Sources(shape[2], (int)(shape[2] * h), 1 / h), Sources(shape[3], (int)(shape[3] * w), 1 / w));

    private static OpRow NearestTo(Shape shape, int h, int w) => Upsample(
        $"Upsample to {h}, {w}", x => x.Upsample(size: (h, w)), shape,
        Sources(shape[2], h, (double)shape[2] / h), Sources(shape[3], w, (double)shape[3] / w));

    private static OpRow Bilinear(Shape shape, double h, double w, bool align) => Upsample(
        FormattableString.Invariant($"Upsample bilinear by {h}, {w}{(align ? ", aligned" : "")}"),
        x => x.Upsample(scaleFactor: (h, w), mode: UpsampleMode.Bilinear, alignCorners: align), shape,
        Weights(shape[2], (int)(shape[2] * h), 1 / h, align), Weights(shape[3], (int)(shape[3] * w), 1 / w, align));

    private static OpRow BilinearTo(Shape shape, int h, int w, bool align) => Upsample(
        $"Upsample bilinear to {h}, {w}{(align ? ", aligned" : "")}",
        x => x.Upsample(size: (h, w), mode: UpsampleMode.Bilinear, alignCorners: align), shape,
        Weights(shape[2], h, (double)shape[2] / h, align), Weights(shape[3], w, (double)shape[3] / w, align));

    private static OpRow Upsample(
        string name, Func<Tensor, Tensor> op, Shape shape, double[][] vertical, double[][] horizontal) =>
        new(name, x => op(x[0]), shape)
        {
            Step = 1,
            Reference = x => ReferenceTensor.Of([shape[0], shape[1], vertical.Length, horizontal.Length], i =>
                vertical[i[2]].Index().Sum(row => horizontal[i[3]].Index().Sum(column =>
                    row.Item * column.Item * x[0][i[0], i[1], row.Index, column.Index]))),
        };

    /// <summary>For each output the weight of each input: 1 for the one at ⌊o·scale⌋.</summary>
    private static double[][] Sources(int inputs, int outputs, double scale) =>
        [.. Enumerable.Range(0, outputs).Select(o => OneHot(inputs, Math.Min((int)(o * scale), inputs - 1), 1))];

    /// <summary>For each output the weights of the inputs around it, by the distances of their centers.</summary>
    private static double[][] Weights(int inputs, int outputs, double scale, bool align) =>
    [
        .. Enumerable.Range(0, outputs).Select(o =>
        {
            var at = align
                ? outputs > 1 ? o * (inputs - 1.0) / (outputs - 1) : 0
                : Math.Max(0, (o + 0.5) * scale - 0.5);
            var first = Math.Min((int)at, inputs - 1);
            var second = OneHot(inputs, Math.Min(first + 1, inputs - 1), at - first);
            return OneHot(inputs, first, 1 - (at - first)).Zip(second, (a, b) => a + b).ToArray();
        }),
    ];

    private static double[] OneHot(int inputs, int at, double value) =>
        [.. Enumerable.Range(0, inputs).Select(i => i == at ? value : 0)];
}
