using ILGPU;

namespace PyNetSharp;

/// <summary>The gradients of a weight and of its bias, which a product with <see cref="WithOnes{TOperand, TPlace}"/> yields.</summary>
/// <param name="dw">[rows, columns]</param>
/// <param name="db">[rows]</param>
internal readonly struct GradientTarget(ArrayView<float> dw, ArrayView<float> db, int rows, int columns) : IProductTarget
{
    public void Write(int row, int column, Float4 sums)
    {
        if (row >= rows) return;
        var at = row * columns + column;
        if (column == OnesLine.Of(columns))
        {
            db[row] = sums.X;
        }
        else if (columns % 4 == 0)
        {
            if (column < columns) sums.Store(dw, at);
        }
        else
        {
            if (column < columns) dw[at] = sums.X;
            if (column + 1 < columns) dw[at + 1] = sums.Y;
            if (column + 2 < columns) dw[at + 2] = sums.Z;
            if (column + 3 < columns) dw[at + 3] = sums.W;
        }
    }
}
