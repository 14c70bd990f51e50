using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Average pooling to a given size.</summary>
public static class AdaptiveAvgPool2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Means over as many windows as wanted: output row i covers the input rows from ⌊i·h/height⌋ up to, not including,
        /// ⌈(i+1)·h/height⌉; columns alike. Windows overlap by a row where the extents do not divide.
        /// </summary>
        /// <param name="height">The result's rows, at least 1.</param>
        /// <param name="width">The result's columns, at least 1.</param>
        /// <returns>[n, c, height, width], where x is [n, c, h, w].</returns>
        /// <exception cref="ShapeException">x has not rank 4, or has no rows or no columns.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A wanted extent is less than 1.</exception>
        /// <remarks>Nothing is kept for the gradient.</remarks>
        public Tensor AdaptiveAvgPool2d(int height, int width)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
            return new AdaptiveAvgPool2dOp(height, width).Apply(x);
        }
    }
}

internal sealed class AdaptiveAvgPool2dOp(int height, int width) : Op
{
    private AveragePooling pooling = null!;

    internal override string Name => "AdaptiveAvgPool2d";

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        var shape = x[0].Shape;
        if (shape.Rank != 4 || shape[2] == 0 || shape[3] == 0)
            throw new ShapeException($"AdaptiveAvgPool2d: expected N×C×H×W with at least one pixel, got {shape}.");
        pooling = new(shape, PoolAxis.Adaptive(shape[2], height), PoolAxis.Adaptive(shape[3], width));
        return pooling.OutputShape;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => pooling.Forward(x[0], y);

    protected internal override Tensor?[] Backward(Tensor dy) => [pooling.Backward(dy)];
}
