using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

internal sealed partial class MaxPool2dOp
{
    private PoolGeometry Geometry => new(shape, rows, columns);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForwardOnGpu(Tensor x, Tensor y)
    {
        if (argmax is null)
            y.Gpu.LaunchItems(y.Shape.Size, new MaxPoolKernel<NoArgmaxStorage>(x.View, Geometry, y.View, y.View.Cast<byte>()));
        else if (ArgmaxFitsInByte)
            y.Gpu.LaunchItems(y.Shape.Size, new MaxPoolKernel<ByteArgmaxStorage>(x.View, Geometry, y.View, argmax.View.Cast<byte>()));
        else
            y.Gpu.LaunchItems(y.Shape.Size, new MaxPoolKernel<Int32ArgmaxStorage>(x.View, Geometry, y.View, argmax.View.Cast<byte>()));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy, Tensor dx)
    {
        var winners = argmax!.View.Cast<byte>();
        if (ArgmaxFitsInByte) dx.Gpu.LaunchItems(dx.Shape.Size, new MaxPoolGradientKernel<ByteArgmaxStorage>(dy.View, Geometry, winners, dx.View));
        else dx.Gpu.LaunchItems(dx.Shape.Size, new MaxPoolGradientKernel<Int32ArgmaxStorage>(dy.View, Geometry, winners, dx.View));
    }
}

/// <summary>How the winners' numbers in their windows are kept.</summary>
internal interface IArgmaxStorage
{
    static abstract void Store(ArrayView<byte> places, int i, int place);

    static abstract int Load(ArrayView<byte> places, int i);
}

/// <summary>Not at all: nobody wants a gradient.</summary>
internal readonly struct NoArgmaxStorage : IArgmaxStorage
{
    public static void Store(ArrayView<byte> places, int i, int place)
    {
    }

    public static int Load(ArrayView<byte> places, int i) => 0;
}

internal readonly struct ByteArgmaxStorage : IArgmaxStorage
{
    public static void Store(ArrayView<byte> places, int i, int place) => places[i] = (byte)place;

    public static int Load(ArrayView<byte> places, int i) => places[i];
}

/// <summary>In ints, for windows of more than 256 inputs.</summary>
internal readonly struct Int32ArgmaxStorage : IArgmaxStorage
{
    public static void Store(ArrayView<byte> places, int i, int place) => places.Cast<int>()[i] = place;

    public static int Load(ArrayView<byte> places, int i) => places.Cast<int>()[i];
}

/// <summary>Each maximum and its place by one thread.</summary>
internal readonly struct MaxPoolKernel<TPlaces>(ArrayView<float> x, PoolGeometry geometry, ArrayView<float> y, ArrayView<byte> argmax) : IItemKernel
    where TPlaces : struct, IArgmaxStorage
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, c = i - pixel * geometry.Channels;
        int line = pixel / geometry.Columns.Outputs, column = pixel - line * geometry.Columns.Outputs;
        int image = line / geometry.Rows.Outputs, row = line - image * geometry.Rows.Outputs;

        int top = geometry.Rows.WindowStart(row), bottom = geometry.Rows.WindowEnd(row);
        int left = geometry.Columns.WindowStart(column), right = geometry.Columns.WindowEnd(column);
        var best = x[geometry.InputOffset(image, top, left) + c];
        int place = 0, number = 0;
        for (var h = top; h < bottom; h++)
            for (var w = left; w < right; w++, number++)
            {
                var value = x[geometry.InputOffset(image, h, w) + c];
                if (value > best || float.IsNaN(value))
                {
                    best = value;
                    place = number;
                }
            }

        y[i] = best;
        TPlaces.Store(argmax, i, place);
    }
}

/// <summary>Each input collects from the maxima that it won, in a fixed order.</summary>
internal readonly struct MaxPoolGradientKernel<TPlaces>(ArrayView<float> dy, PoolGeometry geometry, ArrayView<byte> argmax, ArrayView<float> dx) : IItemKernel
    where TPlaces : struct, IArgmaxStorage
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, c = i - pixel * geometry.Channels;
        int line = pixel / geometry.Width, w = pixel - line * geometry.Width;
        int image = line / geometry.Height, h = line - image * geometry.Height;

        int endRow = geometry.Rows.EndCovering(h), endColumn = geometry.Columns.EndCovering(w), firstColumn = geometry.Columns.FirstCovering(w);
        var sum = 0f;
        for (var row = geometry.Rows.FirstCovering(h); row < endRow; row++)
            for (var column = firstColumn; column < endColumn; column++)
            {
                int left = geometry.Columns.WindowStart(column), across = geometry.Columns.WindowEnd(column) - left;
                var output = geometry.OutputOffset(image, row, column) + c;
                if (TPlaces.Load(argmax, output) == (h - geometry.Rows.WindowStart(row)) * across + w - left) sum += dy[output];
            }

        dx[i] = sum;
    }
}
