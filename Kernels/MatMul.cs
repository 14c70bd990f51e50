using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp;

/// <summary>The product of two matrices.</summary>
public static class MatMulExtensions
{
    extension(Tensor a)
    {
        /// <summary>
        /// op(a)·op(b), where op is the transpose or nothing; neither operand is copied to transpose it.
        /// </summary>
        /// <param name="b">[k, n], or [n, k] if <paramref name="transposeB"/>.</param>
        /// <param name="transposeA">Whether to take the transpose of this tensor.</param>
        /// <param name="transposeB">Whether to take the transpose of <paramref name="b"/>.</param>
        /// <returns>[m, n], where this tensor is [m, k], or [k, m] if <paramref name="transposeA"/>.</returns>
        /// <exception cref="ShapeException">An operand is not a matrix, or the inner extents differ.</exception>
        public Tensor MatMul(Tensor b, bool transposeA = false, bool transposeB = false)
        {
            ArgumentNullException.ThrowIfNull(b);
            return new MatMulOp(transposeA, transposeB).Apply(a, b);
        }
    }
}

internal sealed class MatMulOp(bool ta, bool tb) : Op
{
    private Tensor a = null!, b = null!;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        var (left, right) = (x[0].Shape, x[1].Shape);
        if (left.Rank != 2 || right.Rank != 2)
            throw new ShapeException($"MatMul: both operands must be matrices: {left} · {right}.");
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

    protected internal override Tensor?[] Backward(Tensor dy) =>
    [
        !Needed(0) ? null : ta ? b.MatMul(dy, tb, true) : dy.MatMul(b, false, !tb),
        !Needed(1) ? null : tb ? dy.MatMul(a, true, ta) : a.MatMul(dy, !ta, false),
    ];

    private static (int Rows, int Columns) Extents(Shape shape, bool transposed) =>
        transposed ? (shape[1], shape[0]) : (shape[0], shape[1]);

    private static string Show(Shape shape, bool transposed) => transposed ? $"{shape}ᵀ" : $"{shape}";
}
