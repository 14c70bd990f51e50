namespace PyNetSharp.Tests;

/// <summary>Matrix products and convolutions: every algorithm, and every edge.</summary>
public static partial class OpTable
{
    private static OpRow[] Products =>
    [
        MatMul([5, 3], [3, 4], false, false) with { LargeShapes = [[200, 300], [300, 170]] },
        MatMul([3, 5], [3, 4], true, false) with { LargeShapes = [[300, 200], [300, 170]] },
        MatMul([5, 3], [4, 3], false, true) with { LargeShapes = [[20, 600], [150, 600]] },
        MatMul([3, 5], [4, 3], true, true),
        MatMul([100, 35], [40, 35], false, true),
        MatMul([13, 300], [300, 33], false, false),
        MatMul([300, 13], [300, 16], true, false),
        MatMul([1, 1], [1, 1], false, false),
        MatMul([2, 0], [0, 3], false, false),
        new("MatMul with itself", x => x[0].MatMul(x[0]), [4, 4])
        {
            Step = 1 / 32f, Reference = x => MatMulReference(x[0], x[0], false, false),
        },
        Linear([3, 20], 7) with { LargeShapes = [[64, 300], [200, 300], [200]] },
        Linear([70, 20], 17) with { LargeShapes = [[128, 300], [200, 300], [200]] },
        Linear([1, 600], 40),
        new("Linear without bias", x => x[0].Linear(x[1]), [3, 20], [7, 20])
        {
            Step = 1, Reference = x => MatMulReference(x[0], x[1], false, true), ValueTolerance = 1e-5,
        },
        new("Linear with ReLU", x => x[0].Linear(x[1], x[2], relu: true), [5, 9], [20, 9], [20])
        {
            Low = 0.1f, Reference = x => MatMulReference(x[0], x[1], false, true).Broadcast(x[2], (a, b) => a + b),
        },
        Conv2d([2, 3, 6, 5], 4, (3, 3), (1, 1), (1, 1)),
        Conv2d([2, 18, 6, 5], 20, (3, 3), (1, 1), (1, 1)) with
        {
            LargeShapes = [[3, 32, 16, 14], [48, 32, 3, 3], [48]],
        },
        Conv2d([1, 3, 9, 8], 10, (5, 5), (1, 1), (2, 2)) with { LargeShapes = [[4, 3, 20, 20], [20, 3, 5, 5], [20]] },
        Conv2d([2, 1, 15, 13], 3, (11, 7), (4, 2), (2, 3)),
        Conv2d([2, 20, 5, 4], 33, (1, 1), (1, 1), (0, 0)) with
        {
            LargeShapes = [[3, 40, 16, 14], [50, 40, 1, 1], [50]],
        },
        Conv2d([1, 17, 7, 6], 5, (2, 3), (3, 2), (0, 1)),
        Conv2d([1, 2, 3, 3], 2, (1, 1), (2, 2), (0, 0)),
        Conv2d([1, 16, 1, 1], 1, (1, 1), (1, 1), (0, 0)),
        Conv2d([1, 2, 2, 3], 2, (4, 5), (3, 3), (2, 3)),
        Conv2d([2, 1, 12, 20], 6, (5, 5), (1, 1), (0, 0)) with { LargeShapes = [[19, 2, 12, 20], [6, 2, 5, 5], [6]] },
        Conv2d([2, 3, 12, 16], 4, (3, 3), (1, 1), (1, 1)) with { LargeShapes = [[33, 3, 12, 16], [4, 3, 3, 3], [4]] },
        Conv2d([3, 16, 3, 5], 19, (3, 5), (2, 1), (0, 0)) with { LargeShapes = [[8, 32, 6, 5], [40, 32, 6, 5], [40]] },
        new("Conv2d without bias", x => x[0].Conv2d(x[1], padding: 1), [2, 3, 4, 5], [6, 3, 3, 3])
        {
            Step = 1, Reference = x => Conv2dReference(x[0], x[1], (1, 1), (1, 1), (1, 1), 1), ValueTolerance = 1e-5,
        },
        new("Conv2d with ReLU", x => x[0].Conv2d(x[1], x[2], stride: 2, relu: true), [2, 3, 5, 6], [7, 3, 3, 2], [7])
        {
            Low = 0.1f, ValueTolerance = 1e-5,
            Reference = x => AddBias(Conv2dReference(x[0], x[1], (2, 2), (0, 0), (1, 1), 1), x[2]),
        },
    ];

    private static ShapeErrorRow[] ProductErrors =>
    [
        new("MatMul", x => x[0].MatMul(x[1]), [3, 4], [3, 4]),
        new("Linear", x => x[0].Linear(x[1], x[2]), [3, 4], [6, 5], [6]),
        new("Linear", x => x[0].Linear(x[1], x[2]), [3, 4], [6, 4], [5]),
        new("Linear", x => x[0].Linear(x[1]), [3, 4, 1, 1], [6, 4]),
        new("Conv2d", x => x[0].Conv2d(x[1], x[2]), [1, 3, 8, 8], [4, 2, 3, 3], [4]),
        new("Conv2d", x => x[0].Conv2d(x[1], x[2]), [1, 3, 8, 8], [4, 3, 3, 3], [3]),
        new("Conv2d", x => x[0].Conv2d(x[1]), [1, 3, 4, 8], [4, 3, 5, 5]),
        new("Conv2d", x => x[0].Conv2d(x[1]), [3, 8, 8], [4, 3, 5, 5]),
        new("Conv2d", x => x[0].Conv2d(x[1]), [1, 3, 8, 8], [0, 3, 3, 3]),
        new("Conv2d", x => x[0].Conv2d(x[1], padding: 1 << 30), [1, 3, 8, 8], [4, 3, 3, 3]),
        new("Conv2d", x => x[0].Conv2d(x[1], padding: int.MaxValue), [1, 3, 8, 8], [4, 3, 3, 3]),
    ];

    private static OpRow MatMul(Shape a, Shape b, bool ta, bool tb) =>
        new($"MatMul{(ta ? ", a transposed" : "")}{(tb ? ", b transposed" : "")}", x => x[0].MatMul(x[1], ta, tb), a, b)
        {
            Step = 1, Reference = x => MatMulReference(x[0], x[1], ta, tb), ValueTolerance = 1e-5,
        };

    private static OpRow Linear(Shape x, int outputs) =>
        new("Linear", x => x[0].Linear(x[1], x[2]), x, [outputs, x[1]], [outputs])
        {
            Step = 1, ValueTolerance = 1e-5,
            Reference = x => MatMulReference(x[0], x[1], false, true).Broadcast(x[2], (a, b) => a + b),
        };

    private static OpRow Conv2d(
        Shape x, int outputs, (int H, int W) kernel, (int H, int W) stride, (int H, int W) padding) =>
        new(
            $"Conv2d, stride {stride}, padding {padding}", x => x[0].Conv2d(x[1], x[2], stride, padding), x,
            [outputs, x[1], kernel.H, kernel.W], [outputs])
        {
            Step = 1, ValueTolerance = 1e-5,
            Reference = x => AddBias(Conv2dReference(x[0], x[1], stride, padding, (1, 1), 1), x[2]),
        };

    private static ReferenceTensor MatMulReference(ReferenceTensor a, ReferenceTensor b, bool ta, bool tb)
    {
        var (m, k, n) = (a.Shape[ta ? 1 : 0], a.Shape[ta ? 0 : 1], b.Shape[tb ? 0 : 1]);
        return ReferenceTensor.Of([m, n], i => Enumerable.Range(0, k).Sum(p =>
            (ta ? a[p, i[0]] : a[i[0], p]) * (tb ? b[i[1], p] : b[p, i[1]])));
    }

    private static ReferenceTensor AddBias(ReferenceTensor y, ReferenceTensor bias) =>
        ReferenceTensor.Of(y.Shape, i => y[i] + bias[i[1]]);
}
