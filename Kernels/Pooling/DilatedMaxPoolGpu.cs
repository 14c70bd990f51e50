using ILGPU;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>As <see cref="MaxPoolKernel{TAccess, TStorage}"/>, for windows whose inputs are apart.</summary>
/// <remarks>Kernels of their own: those without a dilation keep their registers and need no divisions.</remarks>
internal readonly struct DilatedMaxPoolKernel<TStorage>(
    ArrayView<float> x, PoolGeometry geometry, ArrayView<float> y, ArrayView<byte> argmax) : IItemKernel
    where TStorage : struct, IArgmaxStorage
{
    public void Run(int i)
    {
        var (image, row, column, c) = geometry.OutputAt(i);
        int top = geometry.Rows.FirstInput(row), bottom = geometry.Rows.WindowEnd(row);
        int left = geometry.Columns.FirstInput(column), right = geometry.Columns.WindowEnd(column);
        var max = x[geometry.InputOffset(image, top, left) + c];
        int indexOfMax = 0, index = 0;
        for (var h = top; h < bottom; h += geometry.Rows.Dilation)
            for (var w = left; w < right; w += geometry.Columns.Dilation, index++)
            {
                var value = x[geometry.InputOffset(image, h, w) + c];
                if (value > max || float.IsNaN(value))
                {
                    max = value;
                    indexOfMax = index;
                }
            }

        y[i] = max;
        TStorage.Store<ScalarAccess>(argmax, i, new(indexOfMax, 0, 0, 0));
    }
}

/// <summary>As <see cref="MaxPoolGradientKernel{TAccess, TStorage}"/>, for windows whose inputs are apart.</summary>
internal readonly struct DilatedMaxPoolGradientKernel<TStorage>(
    ArrayView<float> dy, PoolGeometry geometry, ArrayView<byte> argmax, ArrayView<float> dx) : IItemKernel
    where TStorage : struct, IArgmaxStorage
{
    public void Run(int i)
    {
        var (image, h, w, c) = geometry.InputAt(i);
        int endRow = geometry.Rows.EndCovering(h);
        int firstColumn = geometry.Columns.FirstCovering(w), endColumn = geometry.Columns.EndCovering(w);
        var sum = 0f;
        for (var row = geometry.Rows.FirstCovering(h); row < endRow; row++)
        {
            int below = h - geometry.Rows.FirstInput(row), r = below / geometry.Rows.Dilation;
            if (r * geometry.Rows.Dilation != below) continue;
            for (var column = firstColumn; column < endColumn; column++)
            {
                int right = w - geometry.Columns.FirstInput(column), s = right / geometry.Columns.Dilation;
                if (s * geometry.Columns.Dilation != right) continue;
                var index = r * geometry.Columns.WindowLength(column) + s;
                var output = geometry.OutputOffset(image, row, column) + c;
                if (TStorage.Load<ScalarAccess>(argmax, output).X == index) sum += dy[output];
            }
        }

        dx[i] = sum;
    }
}
