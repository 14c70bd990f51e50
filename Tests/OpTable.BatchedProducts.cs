namespace PyNetSharp.Tests;

/// <summary>Products of batches of matrices and of vectors: every way to broadcast, to and from rank 4.</summary>
public static partial class OpTable
{
    private static OpRow[] BatchedProducts =>
    [
        Batches([3, 4, 5], [3, 5, 2]) with { LargeShapes = [[40, 30, 50], [40, 50, 20]] },
        Batches([3, 5, 4], [3, 5, 2], ta: true) with { LargeShapes = [[4, 200, 190], [4, 200, 150]] },
        Batches([3, 4, 5], [3, 2, 5], tb: true) with { LargeShapes = [[40, 30, 50], [40, 20, 50]] },
        Batches([3, 5, 4], [3, 2, 5], ta: true, tb: true),
        Batches([2, 3, 4, 5], [2, 3, 5, 2]) with { LargeShapes = [[4, 8, 64, 32], [4, 8, 32, 64]] },
        Batches([2, 3, 4, 5], [3, 5, 2]),
        Batches([2, 1, 4, 5], [3, 5, 2]) with { LargeShapes = [[4, 1, 30, 50], [9, 50, 20]] },
        Batches([2, 3, 4, 5], [5, 2]) with { LargeShapes = [[4, 9, 30, 50], [50, 20]] },
        Batches([2, 3, 5, 4], [5, 2], ta: true),
        Batches([3, 4], [2, 4, 2]),
        Batches([2, 1, 2, 4, 3], [3, 1, 3, 2]),
        Batches([2, 3, 4], [1, 4, 2]),
        Batches([5], [5]) with { LargeShapes = [[100_000], [100_000]] },
        Batches([5], [5, 2]),
        Batches([5], [2, 5], tb: true),
        Batches([4, 5], [5]),
        Batches([5, 4], [5], ta: true),
        Batches([5], [3, 5, 2]),
        Batches([3, 4, 5], [5]),
        Batches([2, 0, 3], [2, 3, 4]),
        Batches([0, 2, 3], [3, 4]),
        new("MatMul of a batch with itself", x => x[0].MatMul(x[0], transposeB: true), [2, 3, 4])
        {
            Step = 1 / 32f,
            Reference = x => ReferenceTensor.Of(
                [2, 3, 3], i => Enumerable.Range(0, 4).Sum(p => x[0][i[0], i[1], p] * x[0][i[0], i[2], p])),
        },
    ];

    private static ShapeErrorRow[] BatchedProductErrors =>
    [
        new("MatMul", x => x[0].MatMul(x[1]), [2, 3, 4], [2, 5, 4]),
        new("MatMul", x => x[0].MatMul(x[1]), [2, 3, 4], [3, 4, 5]),
        new("MatMul", x => x[0].MatMul(x[1]), [2, 3, 4], [3]),
        new("MatMul", x => x[0].MatMul(x[1]), [3], [4]),
        new("MatMul", x => x[0].MatMul(x[1]), [], [3, 4]),
        new("MatMul", x => x[0].MatMul(x[1]), [3, 4], []),
        new("MatMul", x => x[0].MatMul(x[1], transposeA: true), [3], [3, 4]),
        new("MatMul", x => x[0].MatMul(x[1], transposeB: true), [3, 4], [4]),
    ];

    private static OpRow Batches(Shape a, Shape b, bool ta = false, bool tb = false) =>
        new(
            $"MatMul of batches{(ta ? ", a transposed" : "")}{(tb ? ", b transposed" : "")}",
            x => x[0].MatMul(x[1], ta, tb), a, b)
        {
            Step = 1, ValueTolerance = 1e-5, Reference = x => BatchesReference(x[0], x[1], ta, tb),
        };

    private static ReferenceTensor BatchesReference(ReferenceTensor a, ReferenceTensor b, bool ta, bool tb)
    {
        var (vectorA, vectorB) = (a.Shape.Rank == 1, b.Shape.Rank == 1);
        if (vectorA) a = a.Reshape([1, a.Shape[0]]);
        if (vectorB) b = b.Reshape([b.Shape[0], 1]);
        var (m, k, n) = (a.Shape[ta ? ^1 : ^2], a.Shape[ta ? ^2 : ^1], b.Shape[tb ? ^2 : ^1]);
        Shape leadingA = [.. a.Shape.SkipLast(2)], leadingB = [.. b.Shape.SkipLast(2)];
        var batch = new ReferenceTensor(leadingA, new double[leadingA.Size])
            .Broadcast(new(leadingB, new double[leadingB.Size]), (x, _) => x).Shape;
        var y = ReferenceTensor.Of([.. batch, m, n], i => Enumerable.Range(0, k).Sum(p =>
            At(a, leadingA, i, ta ? [p, i[^2]] : [i[^2], p]) * At(b, leadingB, i, tb ? [i[^1], p] : [p, i[^1]])));
        return y.Reshape([.. batch, .. vectorA ? [] : (int[])[m], .. vectorB ? [] : (int[])[n]]);

        double At(ReferenceTensor x, Shape leading, int[] index, int[] last)
        {
            var skipped = batch.Rank - leading.Rank;
            return x[[.. leading.Select((extent, axis) => extent == 1 ? 0 : index[skipped + axis]), .. last]];
        }
    }
}
