namespace PyNetSharp.Tests;

/// <summary>
/// Batch normalization of rows and of images, with and without weights, in training and in evaluation.
/// </summary>
public static partial class OpTable
{
    private static OpRow[] Normalizations =>
    [
        BatchNorm([7, 5], affine: true, training: true) with { LargeShapes = [[300, 1100], [1100], [1100]] },
        BatchNorm([7, 5], affine: false, training: true),
        BatchNorm([5, 19], affine: true, training: false),
        BatchNorm([2, 17, 3, 4], affine: true, training: true) with { LargeShapes = [[4, 40, 13, 13], [40], [40]] },
        BatchNorm([2, 3, 3, 4], affine: false, training: false),
        BatchNorm([1, 1, 5, 3], affine: true, training: true),
        BatchNorm([300, 2], affine: true, training: true),      // more rows than a block
    ];

    private static ShapeErrorRow[] NormalizationErrors =>
    [
        new("BatchNorm", x => x[0].BatchNorm(null, null, training: true), [2, 3, 4]),
        new("BatchNorm", x => x[0].BatchNorm(null, null, training: true), [1, 3]),
        new("BatchNorm", x => x[0].BatchNorm(null, null, x[1], x[2], training: true), [5, 3], [3], [4]),
        new("BatchNorm", x => x[0].BatchNorm(null, null, x[1], x[2], training: true), [5, 3], [3, 1], [3]),
        new("BatchNorm", x => x[0].BatchNorm(x[1], x[2]), [2, 3, 4, 4], [3], [2]),
    ];

    private static OpRow BatchNorm(Shape shape, bool affine, bool training) =>
        new($"BatchNorm{(affine ? ", affine" : "")}{(training ? ", training" : "")}",
            x =>
            {
                var (mean, variance) = RunningStatistics(x[0].Shape[1], x[0].Device);
                return x[0].BatchNorm(mean, variance, affine ? x[1] : null, affine ? x[2] : null, training);
            },
            affine ? [shape, [shape[1]], [shape[1]]] : [shape])
        {
            Step = 1f / 64,     // the third derivative is proportional to σ⁻³, with σ about 0.6 here
            Reference = x => BatchNormReference(x, affine, training),
            ValueTolerance = 1e-5,
        };

    private static (Tensor Mean, Tensor Variance) RunningStatistics(int channels, Device device) =>
        (Tensor.Full([channels], 0.25f, device), Tensor.Full([channels], 0.5f, device));

    private static ReferenceTensor BatchNormReference(ReferenceTensor[] x, bool affine, bool training)
    {
        var shape = x[0].Shape;
        var channels = Enumerable.Range(0, shape[1]).Select(_ => new List<double>()).ToArray();
        _ = ReferenceTensor.Of(shape, i =>
        {
            channels[i[1]].Add(x[0][i]);
            return 0;
        });
        return ReferenceTensor.Of(shape, i =>
        {
            var values = channels[i[1]];
            var mean = training ? values.Average() : 0.25;
            var variance = training ? values.Average(v => (v - mean) * (v - mean)) : 0.5;
            var normalized = (x[0][i] - mean) / Math.Sqrt(variance + 1e-5f);
            return affine ? normalized * x[1][i[1]] + x[2][i[1]] : normalized;
        });
    }
}
