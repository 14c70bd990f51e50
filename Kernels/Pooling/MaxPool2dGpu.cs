using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Max pooling on a GPU.</summary>
/// <remarks>Its methods are not inlined: into one that CPUs run, that would load ILGPU.</remarks>
internal sealed class MaxPool2dGpu : IMaxPool2d
{
    private MaxPool2dGpu()
    {
    }

    public static MaxPool2dGpu Instance { get; } = new();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Forward(PoolGeometry geometry, Tensor x, Tensor y, Tensor? argmax)
    {
        var indices = (argmax ?? y).View.Cast<byte>();
        if (argmax is null) Forward<NoArgmaxStorage>(geometry, x, y, indices);
        else if (geometry.IndexFitsInByte) Forward<ByteArgmaxStorage>(geometry, x, y, indices);
        else Forward<Int32ArgmaxStorage>(geometry, x, y, indices);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Backward(PoolGeometry geometry, Tensor dy, Tensor argmax, Tensor dx)
    {
        var indices = argmax.View.Cast<byte>();
        if (geometry.IndexFitsInByte) Backward<ByteArgmaxStorage>(geometry, dy, indices, dx);
        else Backward<Int32ArgmaxStorage>(geometry, dy, indices, dx);
    }

    private static void Forward<TStorage>(PoolGeometry geometry, Tensor x, Tensor y, ArrayView<byte> argmax)
        where TStorage : struct, IArgmaxStorage
    {
        if (IsDilated(geometry))
            y.Gpu.LaunchItems(y.Shape.Size, new DilatedMaxPoolKernel<TStorage>(x.View, geometry, y.View, argmax));
        else
            y.Gpu.LaunchItems(y.Shape.Size, new MaxPoolKernel<TStorage>(x.View, geometry, y.View, argmax));
    }

    private static void Backward<TStorage>(PoolGeometry geometry, Tensor dy, ArrayView<byte> argmax, Tensor dx)
        where TStorage : struct, IArgmaxStorage
    {
        if (IsDilated(geometry))
            dx.Gpu.LaunchItems(
                dx.Shape.Size, new DilatedMaxPoolGradientKernel<TStorage>(dy.View, geometry, argmax, dx.View));
        else
            dx.Gpu.LaunchItems(dx.Shape.Size, new MaxPoolGradientKernel<TStorage>(dy.View, geometry, argmax, dx.View));
    }

    private static bool IsDilated(PoolGeometry geometry) =>
        (geometry.Rows.Dilation, geometry.Columns.Dilation) != (1, 1);
}

/// <summary>How the maxima's indices in their windows are stored.</summary>
internal interface IArgmaxStorage
{
    static abstract void Store(ArrayView<byte> indices, int i, int index);

    static abstract int Load(ArrayView<byte> indices, int i);
}

/// <summary>Not stored: no gradient is needed.</summary>
internal readonly struct NoArgmaxStorage : IArgmaxStorage
{
    public static void Store(ArrayView<byte> indices, int i, int index)
    {
    }

    public static int Load(ArrayView<byte> indices, int i) => 0;
}

internal readonly struct ByteArgmaxStorage : IArgmaxStorage
{
    public static void Store(ArrayView<byte> indices, int i, int index) => indices[i] = (byte)index;

    public static int Load(ArrayView<byte> indices, int i) => indices[i];
}

/// <summary>For windows of more than 256 inputs.</summary>
internal readonly struct Int32ArgmaxStorage : IArgmaxStorage
{
    public static void Store(ArrayView<byte> indices, int i, int index) => indices.Cast<int>()[i] = index;

    public static int Load(ArrayView<byte> indices, int i) => indices.Cast<int>()[i];
}

/// <summary>One thread finds one maximum and its index.</summary>
internal readonly struct MaxPoolKernel<TStorage>(
    ArrayView<float> x, PoolGeometry geometry, ArrayView<float> y, ArrayView<byte> argmax) : IItemKernel
    where TStorage : struct, IArgmaxStorage
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, c = i - pixel * geometry.Channels;
        int line = pixel / geometry.Columns.Outputs, column = pixel - line * geometry.Columns.Outputs;
        int image = line / geometry.Rows.Outputs, row = line - image * geometry.Rows.Outputs;

        int top = geometry.Rows.WindowStart(row), bottom = geometry.Rows.WindowEnd(row);
        int left = geometry.Columns.WindowStart(column), right = geometry.Columns.WindowEnd(column);
        var max = x[geometry.InputOffset(image, top, left) + c];
        int indexOfMax = 0, index = 0;
        for (var h = top; h < bottom; h++)
            for (var w = left; w < right; w++, index++)
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

/// <summary>
/// One thread adds up, in a fixed order, the gradients of the windows of which its input is the maximum.
/// </summary>
internal readonly struct MaxPoolGradientKernel<TStorage>(
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
            for (var column = firstColumn; column < endColumn; column++)
            {
                var left = geometry.Columns.WindowStart(column);
                var windowWidth = geometry.Columns.WindowEnd(column) - left;
                var index = (h - geometry.Rows.WindowStart(row)) * windowWidth + w - left;
                var output = geometry.OutputOffset(image, row, column) + c;
                if (TStorage.Load(argmax, output) == index) sum += dy[output];
            }

        dx[i] = sum;
    }
}
