using ILGPU;

namespace PyNetSharp;

/// <summary>The gradients of a weight and of its bias, which a product with <see cref="WithOnes{TOperand, TPlace}"/> yields.</summary>
/// <param name="dw">[rows, columns]</param>
/// <param name="db">[rows]</param>
internal readonly struct GradientTarget<TWidth>(ArrayView<float> dw, ArrayView<float> db, int rows, int columns) : IProductTarget
    where TWidth : struct, IWidth
{
    public Float4 Start(int column) => default;

    public void Write(int row, int column, Float4 sums)
    {
        if (row >= rows) return;
        if (column == OnesLine.Of(columns)) db[row] = sums.X;
        else sums.Store<TWidth>(dw, row * columns + column, columns - column);
    }
}
