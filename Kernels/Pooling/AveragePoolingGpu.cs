using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

internal sealed unsafe partial class AveragePooling
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.LaunchItems(y.Shape.Size, new AveragePoolKernel(x.View, new(shape, rows, columns), y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy, Tensor dx) =>
        dx.Gpu.LaunchItems(dx.Shape.Size, new AveragePoolGradientKernel(dy.View, new(shape, rows, columns), dx.View));
}

/// <summary>Each mean by one thread, row by row.</summary>
internal readonly struct AveragePoolKernel(ArrayView<float> x, PoolGeometry geometry, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, c = i - pixel * geometry.Channels;
        int line = pixel / geometry.Columns.Outputs, column = pixel - line * geometry.Columns.Outputs;
        int image = line / geometry.Rows.Outputs, row = line - image * geometry.Rows.Outputs;

        int bottom = geometry.Rows.WindowEnd(row), left = geometry.Columns.WindowStart(column), right = geometry.Columns.WindowEnd(column);
        var total = new CompensatedSum();
        for (var h = geometry.Rows.WindowStart(row); h < bottom; h++)
        {
            var w = left;
            while (w < right)
            {
                var sum = 0f;
                for (var stop = CompensatedSum.BlockEnd(w, 1, right); w < stop; w++) sum += x[geometry.InputOffset(image, h, w) + c];
                total.Add(sum);
            }
        }

        y[i] = total.Total / ((float)geometry.Rows.WindowDivisor(row) * geometry.Columns.WindowDivisor(column));
    }
}

/// <summary>Each input collects its share from the means that it went into.</summary>
internal readonly struct AveragePoolGradientKernel(ArrayView<float> dy, PoolGeometry geometry, ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, c = i - pixel * geometry.Channels;
        int line = pixel / geometry.Width, w = pixel - line * geometry.Width;
        int image = line / geometry.Height, h = line - image * geometry.Height;

        int endRow = geometry.Rows.EndCovering(h), endColumn = geometry.Columns.EndCovering(w), left = geometry.Columns.FirstCovering(w);
        var total = new CompensatedSum();
        for (var row = geometry.Rows.FirstCovering(h); row < endRow; row++)
        {
            var column = left;
            while (column < endColumn)
            {
                var sum = 0f;
                for (var stop = CompensatedSum.BlockEnd(column, 1, endColumn); column < stop; column++)
                {
                    var share = 1 / ((float)geometry.Rows.WindowDivisor(row) * geometry.Columns.WindowDivisor(column));
                    sum += dy[geometry.OutputOffset(image, row, column) + c] * share;
                }

                total.Add(sum);
            }
        }

        dx[i] = total.Total;
    }
}
