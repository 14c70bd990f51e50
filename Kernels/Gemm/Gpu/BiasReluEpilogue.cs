using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>A dense matrix, or several behind each other, one for each piece of the product.</summary>
/// <param name="y">[pieces, rows, columns]</param>
/// <param name="bias">[columns], or empty for none.</param>
/// <param name="min">What lesser sums become: 0 for a ReLU, else −∞.</param>
internal readonly struct BiasReluEpilogue<TWidth>(ArrayView<float> y, int rows, int columns, ArrayView<float> bias, float min) : IEpilogue
    where TWidth : struct, IAccessWidth
{
    public Float4 InitialSums(int column) => bias.Length > 0 ? Float4.Load<TWidth>(bias, column, columns - column) : default;

    public void Store(int row, int column, Float4 sums)
    {
        if (row < rows)
            sums.ClampMin(min).Store<TWidth>(y, (Grid.IdxY * rows + row) * columns + column, columns - column);
    }
}
