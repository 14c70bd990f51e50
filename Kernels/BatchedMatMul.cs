using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp;

/// <summary>Products of vectors and of batches of matrices, as PyTorch's <c>matmul</c> defines them.</summary>
internal static class BatchedMatMul
{
    /// <summary>The product where not both operands are matrices.</summary>
    /// <exception cref="ShapeException">The operands do not fit together.</exception>
    public static Tensor Run(Tensor a, bool ta, Tensor b, bool tb)
    {
        if (a.Rank == 0 || b.Rank == 0 || (a.Rank == 1 && ta) || (b.Rank == 1 && tb))
            throw Error("a scalar has no product of matrices, and a vector no transpose");
        Shape left = a.Rank == 1 ? [1, a.Shape[0]] : a.Shape, right = b.Rank == 1 ? [b.Shape[0], 1] : b.Shape;
        var ((m, k), (rows, n)) = (Extents(left, ta), Extents(right, tb));
        if (k != rows) throw Error(FormattableString.Invariant($"inner extents {k} and {rows} differ"));

        Shape leadingA = Leading(left), leadingB = Leading(right);
        var batch = Broadcast.Infer("MatMul", leadingA, leadingB, a.Shape, b.Shape);
        Shape result = [.. batch, .. a.Rank == 1 ? [] : (int[])[m], .. b.Rank == 1 ? [] : (int[])[n]];
        var isSingle = leadingB.Size == 1 && (leadingA.Size == 1 || !ta);
        Shape matrixA = isSingle ? ta ? [k, m] : [leadingA.Size * m, k] : [leadingA.Size, left[^2], left[^1]];
        Shape matrixB = isSingle ? [right[^2], right[^1]] : [leadingB.Size, right[^2], right[^1]];

        var shapedA = Shaped(a, matrixA);
        using var releaseA = new TemporaryTensor(shapedA, borrowed: a);
        var shapedB = Shaped(b, matrixB);
        using var releaseB = new TemporaryTensor(shapedB, borrowed: b);
        var y = isSingle
            ? shapedA.MatMul(shapedB, ta, tb)
            : new BatchedMatMulOp(ta, tb, leadingA, leadingB, batch).Apply(shapedA, shapedB);
        if (y.Shape == result) return y;
        using var releaseY = new TemporaryTensor(y);
        return ReshapeOp.Apply(y, result, "MatMul");

        ShapeException Error(string what) =>
            new($"MatMul: {what} for {MatMulOp.Show(a.Shape, ta)} · {MatMulOp.Show(b.Shape, tb)}.");
    }

    private static Tensor Shaped(Tensor x, Shape shape) =>
        x.Shape == shape ? x : ReshapeOp.Apply(x, shape, "MatMul");

    private static Shape Leading(Shape shape) => Shape.Create(shape.AsSpan()[..^2]);

    private static (int Rows, int Columns) Extents(Shape shape, bool transposed) =>
        transposed ? (shape[^1], shape[^2]) : (shape[^2], shape[^1]);
}

/// <summary>[A, m, k]·[B, k, n] → [batch, m, n]: one product per item of the batch.</summary>
/// <param name="leadingA">What the A items of the first operand are, to be broadcast to the batch.</param>
/// <param name="leadingB">The same of the second.</param>
/// <param name="batch">What they are broadcast to.</param>
internal sealed class BatchedMatMulOp(bool ta, bool tb, Shape leadingA, Shape leadingB, Shape batch) : Op
{
    private Shape shapeA = null!, shapeB = null!, result = null!;
    private Tensor a = null!, b = null!;

    public override string Name => "MatMul";

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        (shapeA, shapeB) = (x[0].Shape, x[1].Shape);
        return result = [batch.Size, shapeA[ta ? 2 : 1], shapeB[tb ? 1 : 2]];
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        (a, b) = (x[0], x[1]);
        MatrixProducts.For(y).MultiplyBatch(Operand(a, leadingA, ta), Operand(b, leadingB, tb), y);
        if (Needed(0)) Save(b);
        if (Needed(1)) Save(a);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var y = graph.Add("MatMul", [Matrices(x[0], ta, leadingA, shapeA), Matrices(x[1], tb, leadingB, shapeB)]);
        return batch.Rank == 1 ? y : graph.Reshape(y, result.AsSpan());

        OnnxValue Matrices(OnnxValue matrices, bool transposed, Shape leading, Shape shape)
        {
            if (batch.Rank > 1) matrices = graph.Reshape(matrices, [.. leading, shape[1], shape[2]]);
            int[] order = [.. Enumerable.Range(0, leading.Rank), leading.Rank + 1, leading.Rank];
            return transposed ? graph.Add("Transpose", [matrices], ("perm", order)) : matrices;
        }
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        BatchedMatrix Gradient(bool transposed) => new(dy, null, transposed);
        return
        [
            !Needed(0) ? null
                : ta ? Sum(Operand(b, leadingB, tb), Gradient(true), leadingA)
                : Sum(Gradient(false), Operand(b, leadingB, !tb), leadingA),
            !Needed(1) ? null
                : tb ? Sum(Gradient(true), Operand(a, leadingA, ta), leadingB)
                : Sum(Operand(a, leadingA, !ta), Gradient(false), leadingB),
        ];
    }

    /// <summary>The products of all items, added over those that an operand was repeated for.</summary>
    private Tensor Sum(BatchedMatrix left, BatchedMatrix right, Shape leading)
    {
        var (rows, columns) = (left.Rows, right.Columns);
        var products = new Tensor([batch.Size, rows, columns], left.Tensor.Device);
        MatrixProducts.For(products).MultiplyBatch(left, right, products);
        if (leading.Size == batch.Size) return products;

        // Rank 4 is stored in another order, so there is an axis of extent 1 in front
        Shape all = [1, 1, 1, 1, .. batch, rows * columns];
        var added = batch.Rank - leading.Rank;
        bool[] repeated =
        [
            false, false, false, false,
            .. batch.Select((extent, i) => i < added || leading[i - added] != extent), false,
        ];
        using var release = new TemporaryTensor(products);
        using var view = new TemporaryTensor(new Tensor(all, products.Storage.Retain()));
        var sum = new Tensor([leading.Size, rows, columns], products.Device);
        Reduction.Run(view, repeated, sum);
        return sum;
    }

    private BatchedMatrix Operand(Tensor x, Shape leading, bool transposed) =>
        new(x, leading == batch ? null : Items(leading), transposed);

    /// <summary>Which item of an operand each item of the batch reads.</summary>
    private int[] Items(Shape leading)
    {
        var items = new int[batch.Size];
        for (var i = 0; i < items.Length; i++)
        {
            var (rest, stride) = (i, 1);
            for (var axis = 1; axis <= leading.Rank; axis++)
            {
                (rest, var index) = Math.DivRem(rest, batch[^axis]);
                if (leading[^axis] != 1) items[i] += index * stride;
                stride *= leading[^axis];
            }
        }

        return items;
    }
}
