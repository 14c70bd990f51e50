namespace PyNetSharp.Benchmarks;

/// <summary>A product C = op(A)·op(B) of row-major matrices, where op is the transpose if it says so.</summary>
/// <param name="M">Rows of C.</param>
/// <param name="N">Columns of C.</param>
/// <param name="K">Columns of op(A), rows of op(B).</param>
/// <param name="TransposeA">Whether A is stored as [K, M] instead of [M, K].</param>
/// <param name="TransposeB">Whether B is stored as [N, K] instead of [K, N].</param>
internal readonly record struct MatrixProduct(
    int M, int N, int K, bool TransposeA = false, bool TransposeB = false)
{
    public Shape AShape => TransposeA ? [K, M] : [M, K];

    public Shape BShape => TransposeB ? [N, K] : [K, N];

    public Shape CShape => [M, N];

    /// <summary>Of y = x·Wᵀ, given by this product: dx = dy·W.</summary>
    public MatrixProduct InputGradient => new(M, K, N);

    /// <summary>Of y = x·Wᵀ, given by this product: dW = dyᵀ·x.</summary>
    public MatrixProduct WeightGradient => new(N, K, M, TransposeA: true);

    /// <summary>
    /// The product that BLAS has to compute, which takes column-major matrices: a row-major matrix is a column-major
    /// one transposed, and Cᵀ = op(B)ᵀ·op(A)ᵀ. So B is BLAS's first operand and A its second.
    /// </summary>
    public BlasProduct ToColumnMajor() => new(TransposeB, TransposeA, N, M, K, BShape[1], AShape[1], CShape[1]);
}

/// <summary>The arguments of <c>gemm</c>: column-major matrices and their leading dimensions.</summary>
internal readonly record struct BlasProduct(
    bool TransposeFirst, bool TransposeSecond, int M, int N, int K,
    int FirstLeading, int SecondLeading, int ResultLeading);
