using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>As <see cref="MaxPoolKernel{TStorage}"/>, for windows whose inputs are apart.</summary>
/// <remarks>Kernels of their own: those without a dilation keep their registers and need no divisions.</remarks>
internal readonly struct DilatedMaxPoolKernel<TStorage>(
    ArrayView<float> x, PoolGeometry geometry, ArrayView<float> y, ArrayView<byte> argmax) : IItemKernel
    where TStorage : struct, IArgmaxStorage
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, c = i - pixel * geometry.Channels;
        int line = pixel / geometry.Columns.Outputs, column = pixel - line * geometry.Columns.Outputs;
        int image = line / geometry.Rows.Outputs, row = line - image * geometry.Rows.Outputs;

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
        TStorage.Store(argmax, i, indexOfMax);
    }
}

/// <summary>As <see cref="MaxPoolGradientKernel{TStorage}"/>, for windows whose inputs are apart.</summary>
internal readonly struct DilatedMaxPoolGradientKernel<TStorage>(
    ArrayView<float> dy, PoolGeometry geometry, ArrayView<byte> argmax, ArrayView<float> dx) : IItemKernel
    where TStorage : struct, IArgmaxStorage
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, c = i - pixel * geometry.Channels;
        int line = pixel / geometry.Width, w = pixel - line * geometry.Width;
        int image = line / geometry.Height, h = line - image * geometry.Height;

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
                if (TStorage.Load(argmax, output) == index) sum += dy[output];
            }
        }

        dx[i] = sum;
    }
}
