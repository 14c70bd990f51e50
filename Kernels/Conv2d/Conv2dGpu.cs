using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>The three passes on a GPU: products of which one factor is the windows, read where they lie.</summary>
internal sealed partial class Convolution
{
    /// <summary>A larger tile has too few registers for windows whose floats are brought one by one.</summary>
    private const int TileOfSingles = 128 * 64;

    /// <summary>The passes as those of a linear map, if each window is one pixel and each pixel one window; else null.</summary>
    private LinearProducts? Linear
    {
        get
        {
            var (images, height, width, channels, outputs, kh, kw) = Extents();
            return (kh, kw) == (1, 1) && stride == (1, 1) && padding == (0, 0) ? new(images * height * width, channels, outputs) : null;
        }
    }

    private bool InFours => Fours.Fit(weight.Shape[0], weight.Shape[1]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ConvolveOnGpu(Tensor x, Tensor weight, Tensor? bias, Tensor y)
    {
        if (Linear is { } linear) linear.Forward(x, weight, bias, relu, y);
        else if (InFours) Convolve<Fours>(bias, y);
        else Convolve<Singles>(bias, y);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GradientByInputOnGpu(Tensor dy, Tensor dx)
    {
        if (Linear is { } linear) linear.GradientByInput(dy, weight, dx);
        else if (InFours) GradientByInput<Fours>(dy, dx);
        else GradientByInput<Singles>(dy, dx);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GradientByWeightOnGpu(Tensor dy, Tensor dw, Tensor db)
    {
        if (Linear is { } linear) linear.GradientByWeight(dy, x, dw, db);
        else if (InFours) GradientByWeight<Fours>(dy, dw, db);
        else GradientByWeight<Singles>(dy, dw, db);
    }

    private void Convolve<TWidth>(Tensor? bias, Tensor y) where TWidth : struct, IWidth
    {
        var windows = WindowsUnder(y.Shape);
        Products.Run<TWidth, WindowRows<TWidth>, WindowRowPlace, MatrixRows<TWidth>, MatrixPlace>(
            new(windows), new(weight.View, y.Shape[1], windows.Depth), (windows.Positions, y.Shape[1], windows.Depth), y, bias, relu);
    }

    /// <summary>As on the processor: one convolution of dy for each class of input pixels modulo the stride.</summary>
    private void GradientByInput<TWidth>(Tensor dy, Tensor dx) where TWidth : struct, IWidth
    {
        var ((images, channels, height, width), (outputs, _, kh, kw)) = (dx.Shape, weight.Shape);
        for (var top = 0; top < Math.Min(stride.H, height); top++)
            for (var left = 0; left < Math.Min(stride.W, width); left++)
            {
                var (rows, columns) = (Phase.Of(top, kh, stride.H, padding.H), Phase.Of(left, kw, stride.W, padding.W));
                var windows = new WindowGeometry(
                    dy.View, (images, dy.Shape[2], dy.Shape[3], outputs),
                    grid: ((height - top - 1) / stride.H + 1, (width - left - 1) / stride.W + 1),
                    kernel: (rows.Taps, columns.Taps), step: (1, 1), origin: (rows.Origin, columns.Origin));
                var flipped = new FlippedWeights<TWidth>(weight.View, outputs, channels, (kh, kw), rows, columns);
                var size = (windows.Positions, channels, windows.Depth);

                if (stride == (1, 1))
                    Products.Run<TWidth, WindowRows<TWidth>, WindowRowPlace, FlippedWeights<TWidth>, WeightPlace>(
                        new(windows), flipped, size, dx);
                else
                    Products.Launch<WindowRows<TWidth>, WindowRowPlace, FlippedWeights<TWidth>, WeightPlace, PixelTarget<TWidth>>(
                        dx.Gpu, Tiling.For(size.Positions, size.channels, size.Depth, dx.Gpu.Processors, maxPieces: 1),
                        new(windows), flipped,
                        new(dx.View, (images, height, width, channels), (windows.GridH, windows.GridW), stride, (top, left)), size);
            }
    }

    private void GradientByWeight<TWidth>(Tensor dy, Tensor dw, Tensor db) where TWidth : struct, IWidth
    {
        var windows = WindowsUnder(dy.Shape);
        var outputs = dy.Shape[1];
        Products.Gradient<TWidth, MatrixColumns<TWidth>, MatrixPlace, WindowColumns<TWidth>, WindowColumnPlace>(
            new(dy.View, outputs, windows.Positions), new(windows), (outputs, windows.Depth, windows.Positions), dw, db,
            maxTile: TWidth.Fours ? int.MaxValue : TileOfSingles);
    }

    /// <param name="y">The result's shape.</param>
    private WindowGeometry WindowsUnder(Shape y)
    {
        var (images, channels, height, width) = x.Shape;
        return new(
            x.View, (images, height, width, channels), grid: (y[2], y[3]), kernel: (weight.Shape[2], weight.Shape[3]),
            step: stride, origin: (-padding.H, -padding.W));
    }
}
