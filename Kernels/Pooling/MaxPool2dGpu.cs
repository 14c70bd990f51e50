using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels.Gemm;

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
        else if (IsVector4(geometry))
            y.Gpu.LaunchItems(
                y.Shape.Size / 4, new MaxPoolKernel<VectorAccess, TStorage>(x.View, geometry, y.View, argmax));
        else
            y.Gpu.LaunchItems(
                y.Shape.Size, new MaxPoolKernel<ScalarAccess, TStorage>(x.View, geometry, y.View, argmax));
    }

    private static void Backward<TStorage>(PoolGeometry geometry, Tensor dy, ArrayView<byte> argmax, Tensor dx)
        where TStorage : struct, IArgmaxStorage
    {
        if (IsDilated(geometry))
            dx.Gpu.LaunchItems(
                dx.Shape.Size, new DilatedMaxPoolGradientKernel<TStorage>(dy.View, geometry, argmax, dx.View));
        else if (IsVector4(geometry))
            dx.Gpu.LaunchItems(
                dx.Shape.Size / 4,
                new MaxPoolGradientKernel<VectorAccess, TStorage>(dy.View, geometry, argmax, dx.View));
        else
            dx.Gpu.LaunchItems(
                dx.Shape.Size, new MaxPoolGradientKernel<ScalarAccess, TStorage>(dy.View, geometry, argmax, dx.View));
    }

    private static bool IsVector4(PoolGeometry geometry) => VectorAccess.Fits(geometry.Channels, geometry.Channels);

    private static bool IsDilated(PoolGeometry geometry) =>
        (geometry.Rows.Dilation, geometry.Columns.Dilation) != (1, 1);
}

/// <summary>How the maxima's indices in their windows are stored.</summary>
internal interface IArgmaxStorage
{
    /// <summary>Stores the index of one channel, or those of four with <see cref="VectorAccess"/>.</summary>
    static abstract void Store<TAccess>(ArrayView<byte> indices, int i, Indices4 argmax)
        where TAccess : struct, IGlobalAccess;

    /// <summary>What <see cref="Store{TAccess}"/> stored.</summary>
    static abstract Indices4 Load<TAccess>(ArrayView<byte> indices, int i) where TAccess : struct, IGlobalAccess;
}

/// <summary>The indices of four channels, or in X that of one.</summary>
internal readonly struct Indices4(int x, int y, int z, int w)
{
    public readonly int X = x, Y = y, Z = z, W = w;
}

/// <summary>Not stored: no gradient is needed.</summary>
internal readonly struct NoArgmaxStorage : IArgmaxStorage
{
    public static void Store<TAccess>(ArrayView<byte> indices, int i, Indices4 argmax)
        where TAccess : struct, IGlobalAccess
    {
    }

    public static Indices4 Load<TAccess>(ArrayView<byte> indices, int i) where TAccess : struct, IGlobalAccess =>
        default;
}

internal readonly struct ByteArgmaxStorage : IArgmaxStorage
{
    public static void Store<TAccess>(ArrayView<byte> indices, int i, Indices4 argmax)
        where TAccess : struct, IGlobalAccess
    {
        if (TAccess.IsVector4)
            indices.Cast<int>()[i >> 2] = argmax.X | argmax.Y << 8 | argmax.Z << 16 | argmax.W << 24;
        else indices[i] = (byte)argmax.X;
    }

    public static Indices4 Load<TAccess>(ArrayView<byte> indices, int i) where TAccess : struct, IGlobalAccess
    {
        if (!TAccess.IsVector4) return new(indices[i], 0, 0, 0);
        var bytes = indices.Cast<int>()[i >> 2];
        return new(bytes & 255, bytes >> 8 & 255, bytes >> 16 & 255, bytes >> 24 & 255);
    }
}

/// <summary>For windows of more than 256 inputs.</summary>
internal readonly struct Int32ArgmaxStorage : IArgmaxStorage
{
    public static void Store<TAccess>(ArrayView<byte> indices, int i, Indices4 argmax)
        where TAccess : struct, IGlobalAccess
    {
        if (TAccess.IsVector4) indices.Cast<Indices4>()[i >> 2] = argmax;
        else indices.Cast<int>()[i] = argmax.X;
    }

    public static Indices4 Load<TAccess>(ArrayView<byte> indices, int i) where TAccess : struct, IGlobalAccess =>
        TAccess.IsVector4 ? indices.Cast<Indices4>()[i >> 2] : new(indices.Cast<int>()[i], 0, 0, 0);
}

/// <summary>
/// One thread finds the maxima of four channels, or of one with <see cref="ScalarAccess"/>, and their indices.
/// </summary>
internal readonly struct MaxPoolKernel<TAccess, TStorage>(
    ArrayView<float> x, PoolGeometry geometry, ArrayView<float> y, ArrayView<byte> argmax) : IItemKernel
    where TAccess : struct, IGlobalAccess
    where TStorage : struct, IArgmaxStorage
{
    public void Run(int i)
    {
        var offset = TAccess.IsVector4 ? 4 * i : i;
        var (image, row, column, c) = geometry.OutputAt(offset);
        int top = geometry.Rows.WindowStart(row), bottom = geometry.Rows.WindowEnd(row);
        int left = geometry.Columns.WindowStart(column), right = geometry.Columns.WindowEnd(column);
        var max = Load(geometry.InputOffset(image, top, left) + c);
        var indices = default(Indices4);
        var index = 0;
        for (var h = top; h < bottom; h++)
        {
            var input = geometry.InputOffset(image, h, left) + c;
            for (var w = left; w < right; w++, index++, input += geometry.Channels)
            {
                var value = Load(input);
                indices = new(
                    Wins(value.X, max.X) ? index : indices.X, Wins(value.Y, max.Y) ? index : indices.Y,
                    Wins(value.Z, max.Z) ? index : indices.Z, Wins(value.W, max.W) ? index : indices.W);
                max = new(
                    Wins(value.X, max.X) ? value.X : max.X, Wins(value.Y, max.Y) ? value.Y : max.Y,
                    Wins(value.Z, max.Z) ? value.Z : max.Z, Wins(value.W, max.W) ? value.W : max.W);
            }
        }

        max.Store<TAccess>(y, offset, 1);
        TStorage.Store<TAccess>(argmax, offset, indices);
    }

    private Float4 Load(int offset) => Float4.Load<TAccess>(x, offset, 1);

    private static bool Wins(float value, float max) => value > max || float.IsNaN(value);
}

/// <summary>
/// One thread adds up, in a fixed order, the gradients of the windows of which its input is the maximum: of four
/// channels, or of one with <see cref="ScalarAccess"/>.
/// </summary>
internal readonly struct MaxPoolGradientKernel<TAccess, TStorage>(
    ArrayView<float> dy, PoolGeometry geometry, ArrayView<byte> argmax, ArrayView<float> dx) : IItemKernel
    where TAccess : struct, IGlobalAccess
    where TStorage : struct, IArgmaxStorage
{
    public void Run(int i)
    {
        var offset = TAccess.IsVector4 ? 4 * i : i;
        var (image, h, w, c) = geometry.InputAt(offset);
        int endRow = geometry.Rows.EndCovering(h);
        int firstColumn = geometry.Columns.FirstCovering(w), endColumn = geometry.Columns.EndCovering(w);
        var sum = default(Float4);
        for (var row = geometry.Rows.FirstCovering(h); row < endRow; row++)
        {
            var rowInWindow = h - geometry.Rows.WindowStart(row);
            var output = geometry.OutputOffset(image, row, firstColumn) + c;
            for (var column = firstColumn; column < endColumn; column++, output += geometry.Channels)
            {
                var left = geometry.Columns.WindowStart(column);
                var index = rowInWindow * (geometry.Columns.WindowEnd(column) - left) + w - left;
                var gradient = Float4.Load<TAccess>(dy, output, 1);
                var indices = TStorage.Load<TAccess>(argmax, output);
                sum = new(
                    sum.X + (indices.X == index ? gradient.X : 0), sum.Y + (indices.Y == index ? gradient.Y : 0),
                    sum.Z + (indices.Z == index ? gradient.Z : 0), sum.W + (indices.W == index ? gradient.W : 0));
            }
        }

        sum.Store<TAccess>(dx, offset, 1);
    }
}
