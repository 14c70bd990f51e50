using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Average pooling on a GPU.</summary>
/// <remarks>Its methods are not inlined: into one that CPUs run, that would load ILGPU.</remarks>
internal sealed class AveragePoolingGpu : IAveragePooling
{
    private AveragePoolingGpu()
    {
    }

    public static AveragePoolingGpu Instance { get; } = new();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Forward(PoolGeometry geometry, Tensor x, Tensor y) =>
        y.Gpu.LaunchItems(y.Shape.Size, new AveragePoolKernel(x.View, geometry, y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Backward(PoolGeometry geometry, Tensor dy, Tensor dx) =>
        dx.Gpu.LaunchItems(dx.Shape.Size, new AveragePoolGradientKernel(dy.View, geometry, dx.View));
}

/// <summary>One thread computes one mean, row by row.</summary>
internal readonly struct AveragePoolKernel(ArrayView<float> x, PoolGeometry geometry, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var (image, row, column, c) = geometry.OutputAt(i);
        int bottom = geometry.Rows.WindowEnd(row);
        int left = geometry.Columns.WindowStart(column), right = geometry.Columns.WindowEnd(column);
        var total = new CompensatedSum();
        for (var h = geometry.Rows.WindowStart(row); h < bottom; h++)
        {
            var w = left;
            while (w < right)
            {
                var sum = 0f;
                for (var stop = CompensatedSum.BlockEnd(w, 1, right); w < stop; w++)
                    sum += x[geometry.InputOffset(image, h, w) + c];
                total.Add(sum);
            }
        }

        y[i] = total.Total / ((float)geometry.Rows.WindowDivisor(row) * geometry.Columns.WindowDivisor(column));
    }
}

/// <summary>One thread adds up one input's shares of the outputs that cover it.</summary>
internal readonly struct AveragePoolGradientKernel(ArrayView<float> dy, PoolGeometry geometry, ArrayView<float> dx)
    : IItemKernel
{
    public void Run(int i)
    {
        var (image, h, w, c) = geometry.InputAt(i);
        int endRow = geometry.Rows.EndCovering(h);
        int firstColumn = geometry.Columns.FirstCovering(w), endColumn = geometry.Columns.EndCovering(w);
        var total = new CompensatedSum();
        for (var row = geometry.Rows.FirstCovering(h); row < endRow; row++)
        {
            var column = firstColumn;
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
