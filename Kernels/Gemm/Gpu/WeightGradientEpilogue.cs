using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The gradients of a weight and of its bias, which a product with <see cref="OperandWithOnes{TOperand, TPlace}"/> yields.</summary>
/// <param name="dw">[rows, columns]</param>
/// <param name="db">[rows]</param>
internal readonly struct WeightGradientEpilogue<TWidth>(ArrayView<float> dw, ArrayView<float> db, int rows, int columns) : IEpilogue
    where TWidth : struct, IAccessWidth
{
    public Float4 InitialSums(int column) => default;

    public void Store(int row, int column, Float4 sums)
    {
        if (row >= rows) return;
        if (column == OnesColumn.IndexFor(columns)) db[row] = sums.X;
        else sums.Store<TWidth>(dw, row * columns + column, columns - column);
    }
}
