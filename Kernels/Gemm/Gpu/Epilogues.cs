using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The epilogue of a product: what the accumulators start with, and where they are stored.</summary>
internal interface IEpilogue
{
    /// <summary>The first value of the accumulators of four contiguous columns.</summary>
    Float4 InitialSums(int column);

    /// <summary>Stores four contiguous sums of one row; those outside the product are dropped.</summary>
    void Store(int row, int column, Float4 sums);
}

/// <summary>Adds a bias and clamps; stores into a dense matrix, or into one per slice of K.</summary>
/// <param name="y">[slices, M, N]</param>
/// <param name="bias">[N], or empty for none.</param>
/// <param name="min">The lower bound of the results: 0 for a ReLU, −∞ for none.</param>
internal readonly struct BiasReluEpilogue<TAccess>(
    ArrayView<float> y, int m, int n, ArrayView<float> bias, float min) : IEpilogue
    where TAccess : struct, IGlobalAccess
{
    public Float4 InitialSums(int column) =>
        bias.Length > 0 ? Float4.Load<TAccess>(bias, column, n - column) : default;

    public void Store(int row, int column, Float4 sums)
    {
        if (row < m) sums.ClampMin(min).Store<TAccess>(y, (Grid.IdxY * m + row) * n + column, n - column);
    }
}

/// <summary>
/// Separates the gradients of a weight and of its bias, which a product with
/// <see cref="OperandWithOnes{TOperand, TCursor}"/> yields together.
/// </summary>
/// <param name="dw">[M, N]</param>
/// <param name="db">[M]</param>
internal readonly struct WeightGradientEpilogue<TAccess>(
    ArrayView<float> dw, ArrayView<float> db, int m, int n) : IEpilogue
    where TAccess : struct, IGlobalAccess
{
    public Float4 InitialSums(int column) => default;

    public void Store(int row, int column, Float4 sums)
    {
        if (row >= m) return;
        if (column == OnesColumn.IndexFor(n)) db[row] = sums.X;
        else sums.Store<TAccess>(dw, row * n + column, n - column);
    }
}
