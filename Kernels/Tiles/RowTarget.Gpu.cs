using ILGPU;

namespace PyNetSharp;

/// <summary>A dense matrix, or several behind each other, one for each piece of the product.</summary>
/// <param name="y">[pieces, rows, columns]</param>
/// <param name="bias">[columns], or empty for none.</param>
/// <param name="relu">Whether to end with max(·, 0): 1 or 0.</param>
internal readonly struct RowTarget(ArrayView<float> y, int rows, int columns, ArrayView<float> bias, int relu) : IProductTarget
{
    public void Write(int row, int column, Float4 sums)
    {
        if (row >= rows || column >= columns) return;
        var at = (Grid.IdxY * rows + row) * columns + column;
        if (columns % 4 == 0)
        {
            new Float4(Finish(sums.X, column), Finish(sums.Y, column + 1), Finish(sums.Z, column + 2), Finish(sums.W, column + 3)).Store(y, at);
            return;
        }

        y[at] = Finish(sums.X, column);
        if (column + 1 < columns) y[at + 1] = Finish(sums.Y, column + 1);
        if (column + 2 < columns) y[at + 2] = Finish(sums.Z, column + 2);
        if (column + 3 < columns) y[at + 3] = Finish(sums.W, column + 3);
    }

    private float Finish(float sum, int column) => Finish(sum, bias, column, relu);

    public static float Finish(float sum, ArrayView<float> bias, int column, int relu)
    {
        if (bias.Length > 0) sum += bias[column];
        return relu != 0 && sum <= 0 ? 0 : sum;
    }
}
