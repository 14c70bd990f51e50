using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp;

/// <summary>The three passes on a GPU: products of which one factor is the windows, read where they lie.</summary>
internal sealed partial class Conv2dOp
{
    /// <summary>A larger tile has too few registers for windows whose floats are brought one by one.</summary>
    private const int MaxScalarAccessTile = 128 * 64;

    /// <summary>The passes as those of a linear map, if each window is one pixel and each pixel one window; else null.</summary>
    private LinearGpu? AsLinear
    {
        get
        {
            var (images, height, width, channels, outputs, kh, kw) = ProblemSize();
            return (kh, kw) == (1, 1) && stride == (1, 1) && padding == (0, 0) ? new(images * height * width, channels, outputs) : null;
        }
    }

    private bool IsVector4 => Vector4Access.Fits(weight.Shape[0], weight.Shape[1]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForwardOnGpu(Tensor x, Tensor weight, Tensor? bias, Tensor y)
    {
        if (AsLinear is { } linear) linear.Forward(x, weight, bias, relu, y);
        else if (IsVector4) Forward<Vector4Access>(bias, y);
        else Forward<ScalarAccess>(bias, y);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void InputGradientOnGpu(Tensor dy, Tensor dx)
    {
        if (AsLinear is { } linear) linear.InputGradient(dy, weight, dx);
        else if (IsVector4) InputGradient<Vector4Access>(dy, dx);
        else InputGradient<ScalarAccess>(dy, dx);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WeightGradientOnGpu(Tensor dy, Tensor dw, Tensor db)
    {
        if (AsLinear is { } linear) linear.WeightGradient(dy, x, dw, db);
        else if (IsVector4) WeightGradient<Vector4Access>(dy, dw, db);
        else WeightGradient<ScalarAccess>(dy, dw, db);
    }

    private void Forward<TWidth>(Tensor? bias, Tensor y) where TWidth : struct, IAccessWidth
    {
        var windows = GeometryFor(y.Shape);
        GemmGpu.Run<TWidth, Im2ColOperand<TWidth>, Im2ColPosition, KMajorMatrix<TWidth>, MatrixPosition>(
            new(windows), new(weight.View, y.Shape[1], windows.Depth), (windows.Positions, y.Shape[1], windows.Depth), y, bias, relu);
    }

    /// <summary>As on the processor: one convolution of dy for each class of input pixels modulo the stride.</summary>
    private void InputGradient<TWidth>(Tensor dy, Tensor dx) where TWidth : struct, IAccessWidth
    {
        var ((images, channels, height, width), (outputs, _, kh, kw)) = (dx.Shape, weight.Shape);
        for (var top = 0; top < Math.Min(stride.H, height); top++)
            for (var left = 0; left < Math.Min(stride.W, width); left++)
            {
                var (rows, columns) = (SubconvolutionAxis.For(top, kh, stride.H, padding.H), SubconvolutionAxis.For(left, kw, stride.W, padding.W));
                var windows = new Im2ColGeometry(
                    dy.View, (images, dy.Shape[2], dy.Shape[3], outputs),
                    outputSize: ((height - top - 1) / stride.H + 1, (width - left - 1) / stride.W + 1),
                    kernelSize: (rows.Taps, columns.Taps), stride: (1, 1), origin: (rows.Origin, columns.Origin));
                var flipped = new FlippedWeightOperand<TWidth>(weight.View, outputs, channels, (kh, kw), rows, columns);
                var size = (windows.Positions, channels, windows.Depth);

                if (stride == (1, 1))
                    GemmGpu.Run<TWidth, Im2ColOperand<TWidth>, Im2ColPosition, FlippedWeightOperand<TWidth>, FlippedWeightPosition>(
                        new(windows), flipped, size, dx);
                else
                    GemmGpu.Launch<Im2ColOperand<TWidth>, Im2ColPosition, FlippedWeightOperand<TWidth>, FlippedWeightPosition, StridedEpilogue<TWidth>>(
                        dx.Gpu, GemmTiling.Choose(size.Positions, size.channels, size.Depth, dx.Gpu.MultiprocessorCount, maxSlices: 1),
                        new(windows), flipped,
                        new(dx.View, (images, height, width, channels), (windows.OutputH, windows.OutputW), stride, (top, left)), size);
            }
    }

    private void WeightGradient<TWidth>(Tensor dy, Tensor dw, Tensor db) where TWidth : struct, IAccessWidth
    {
        var windows = GeometryFor(dy.Shape);
        var outputs = dy.Shape[1];
        GemmGpu.WeightGradient<TWidth, MNMajorMatrix<TWidth>, MatrixPosition, TransposedIm2ColOperand<TWidth>, TransposedIm2ColPosition>(
            new(dy.View, outputs, windows.Positions), new(windows), (outputs, windows.Depth, windows.Positions), dw, db,
            maxTile: TWidth.IsVector4 ? int.MaxValue : MaxScalarAccessTile);
    }

    /// <param name="y">The result's shape.</param>
    private Im2ColGeometry GeometryFor(Shape y)
    {
        var (images, channels, height, width) = x.Shape;
        return new(
            x.View, (images, height, width, channels), outputSize: (y[2], y[3]), kernelSize: (weight.Shape[2], weight.Shape[3]),
            stride: stride, origin: (-padding.H, -padding.W));
    }
}
