using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

internal sealed unsafe partial class Averages
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ComputeOnGpu(Tensor x, Tensor y) =>
        y.Gpu.Each(y.Shape.Size, new AverageKernel(x.View, new(shape, rows, columns), y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GradientOnGpu(Tensor dy, Tensor dx) =>
        dx.Gpu.Each(dx.Shape.Size, new AverageGradientKernel(dy.View, new(shape, rows, columns), dx.View));
}

/// <summary>Each mean by one thread, row by row.</summary>
internal readonly struct AverageKernel(ArrayView<float> x, PoolGrid grid, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        int pixel = i / grid.Channels, c = i - pixel * grid.Channels;
        int line = pixel / grid.Columns.Outputs, column = pixel - line * grid.Columns.Outputs;
        int image = line / grid.Rows.Outputs, row = line - image * grid.Rows.Outputs;

        int bottom = grid.Rows.End(row), left = grid.Columns.From(column), right = grid.Columns.End(column);
        var total = new LongSum();
        for (var h = grid.Rows.From(row); h < bottom; h++)
        {
            var w = left;
            while (w < right)
            {
                var sum = 0f;
                for (var stop = LongSum.EndOfStretch(w, 1, right); w < stop; w++) sum += x[grid.Input(image, h, w) + c];
                total.Add(sum);
            }
        }

        y[i] = total.Total / ((float)grid.Rows.Size(row) * grid.Columns.Size(column));
    }
}

/// <summary>Each input collects its share from the means that it went into.</summary>
internal readonly struct AverageGradientKernel(ArrayView<float> dy, PoolGrid grid, ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        int pixel = i / grid.Channels, c = i - pixel * grid.Channels;
        int line = pixel / grid.Width, w = pixel - line * grid.Width;
        int image = line / grid.Height, h = line - image * grid.Height;

        int endRow = grid.Rows.EndCovering(h), endColumn = grid.Columns.EndCovering(w), left = grid.Columns.FirstCovering(w);
        var total = new LongSum();
        for (var row = grid.Rows.FirstCovering(h); row < endRow; row++)
        {
            var column = left;
            while (column < endColumn)
            {
                var sum = 0f;
                for (var stop = LongSum.EndOfStretch(column, 1, endColumn); column < stop; column++)
                {
                    var share = 1 / ((float)grid.Rows.Size(row) * grid.Columns.Size(column));
                    sum += dy[grid.Output(image, row, column) + c] * share;
                }

                total.Add(sum);
            }
        }

        dx[i] = total.Total;
    }
}
