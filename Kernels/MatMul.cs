using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp;

/// <summary>Products of matrices, of vectors, and of batches of matrices.</summary>
public static class MatMulExtensions
{
    extension(Tensor a)
    {
        /// <summary>
        /// op(a)·op(b), where op is the transpose of the last two axes or nothing; neither operand is copied to
        /// transpose it.
        /// </summary>
        /// <param name="b">[…, k, n], or […, n, k] if <paramref name="transposeB"/>; or [k].</param>
        /// <param name="transposeA">Whether to take the transpose of this tensor.</param>
        /// <param name="transposeB">Whether to take the transpose of <paramref name="b"/>.</param>
        /// <returns>
        /// […, m, n], where this tensor is […, m, k], or […, k, m] if <paramref name="transposeA"/>. The axes in front
        /// are a batch, and broadcast: [8, m, k]·[k, n] is [8, m, n]. A vector [k] is a row on the left and a column on
        /// the right, and its axis is not in the result: [m, k]·[k] is [m], and [k]·[k] is a scalar. As PyTorch's
        /// <c>matmul</c>.
        /// </returns>
        /// <exception cref="ShapeException">
        /// The inner extents differ, the axes in front cannot be broadcast, an operand is a scalar, or a vector is to
        /// be transposed.
        /// </exception>
        /// <remarks>
        /// Where <paramref name="b"/> is one matrix, a batch of matrices is multiplied as one tall matrix. An operand
        /// of rank 4 (stored channels last) is copied to row-major order first. On a GPU there is one launch per item
        /// of a batch.
        /// </remarks>
        public Tensor MatMul(Tensor b, bool transposeA = false, bool transposeB = false)
        {
            ArgumentNullException.ThrowIfNull(b);
            return a.Rank == 2 && b.Rank == 2
                ? new MatMulOp(transposeA, transposeB).Apply(a, b)
                : BatchedMatMul.Run(a, transposeA, b, transposeB);
        }
    }
}

/// <summary>The product of two matrices.</summary>
internal sealed class MatMulOp(bool ta, bool tb) : Op
{
    private Tensor a = null!, b = null!;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        var (left, right) = (x[0].Shape, x[1].Shape);
        var ((m, k), (rows, n)) = (Extents(left, ta), Extents(right, tb));
        return k == rows
            ? [m, n]
            : throw new ShapeException(
                $"MatMul: inner extents {k} and {rows} differ for {Show(left, ta)} · {Show(right, tb)}.");
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        (a, b) = (x[0], x[1]);
        MatrixProducts.For(y).Multiply(a, ta, b, tb, y);
        if (Needed(0)) Save(b);
        if (Needed(1)) Save(a);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) => ta || tb
        ? graph.Add("Gemm", x, ("transA", ta ? 1 : 0), ("transB", tb ? 1 : 0))
        : graph.Add("MatMul", x);

    protected internal override Tensor?[] Backward(Tensor dy) =>
    [
        !Needed(0) ? null : ta ? b.MatMul(dy, tb, true) : dy.MatMul(b, false, !tb),
        !Needed(1) ? null : tb ? dy.MatMul(a, true, ta) : a.MatMul(dy, !ta, false),
    ];

    private static (int Rows, int Columns) Extents(Shape shape, bool transposed) =>
        transposed ? (shape[1], shape[0]) : (shape[0], shape[1]);

    internal static string Show(Shape shape, bool transposed) => transposed ? $"{shape}ᵀ" : $"{shape}";
}
