using ILGPU;

namespace PyNetSharp;

/// <summary>A dense matrix, or several behind each other, one for each piece of the product.</summary>
/// <param name="y">[pieces, rows, columns]</param>
/// <param name="bias">[columns], or empty for none.</param>
/// <param name="floor">What lesser sums become: 0 for a ReLU, else −∞.</param>
internal readonly struct RowTarget<TWidth>(ArrayView<float> y, int rows, int columns, ArrayView<float> bias, float floor) : IProductTarget
    where TWidth : struct, IWidth
{
    public Float4 Start(int column) => bias.Length > 0 ? Float4.Load<TWidth>(bias, column, columns - column) : default;

    public void Write(int row, int column, Float4 sums)
    {
        if (row < rows)
            sums.NotBelow(floor).Store<TWidth>(y, (Grid.IdxY * rows + row) * columns + column, columns - column);
    }
}
