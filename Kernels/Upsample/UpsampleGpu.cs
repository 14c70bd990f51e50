using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Resizing on a GPU.</summary>
/// <remarks>Its methods are not inlined: into one that CPUs run, that would load ILGPU.</remarks>
internal sealed class UpsampleGpu : IUpsample
{
    private UpsampleGpu()
    {
    }

    public static UpsampleGpu Instance { get; } = new();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Forward(UpsampleGeometry geometry, Tensor x, Tensor y) =>
        y.Gpu.LaunchItems(y.Shape.Size, new UpsampleKernel(x.View, geometry, y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Backward(UpsampleGeometry geometry, Tensor dy, Tensor dx) =>
        dx.Gpu.LaunchItems(dx.Shape.Size, new UpsampleGradientKernel(dy.View, geometry, dx.View));
}

/// <summary>One thread computes one output.</summary>
internal readonly struct UpsampleKernel(ArrayView<float> x, UpsampleGeometry geometry, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, c = i - pixel * geometry.Channels;
        int line = pixel / geometry.Columns.Outputs, q = pixel - line * geometry.Columns.Outputs;
        int image = line / geometry.Rows.Outputs, p = line - image * geometry.Rows.Outputs;

        int top = geometry.Rows.First(p), left = geometry.Columns.First(q);
        if (!geometry.Rows.IsBilinear)
        {
            y[i] = x[geometry.InputOffset(image, top, left) + c];
            return;
        }

        int bottom = geometry.Rows.Second(p), right = geometry.Columns.Second(q);
        float vertical = geometry.Rows.Fraction(p), horizontal = geometry.Columns.Fraction(q);
        var upper = (1 - horizontal) * x[geometry.InputOffset(image, top, left) + c]
            + horizontal * x[geometry.InputOffset(image, top, right) + c];
        var lower = (1 - horizontal) * x[geometry.InputOffset(image, bottom, left) + c]
            + horizontal * x[geometry.InputOffset(image, bottom, right) + c];
        y[i] = (1 - vertical) * upper + vertical * lower;
    }
}

/// <summary>One thread gathers one input's gradient from the outputs that it went into.</summary>
internal readonly struct UpsampleGradientKernel(ArrayView<float> dy, UpsampleGeometry geometry, ArrayView<float> dx)
    : IItemKernel
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, c = i - pixel * geometry.Channels;
        int line = pixel / geometry.Width, w = pixel - line * geometry.Width;
        int image = line / geometry.Height, h = line - image * geometry.Height;

        int endRow = geometry.Rows.EndCovering(h);
        int firstColumn = geometry.Columns.FirstCovering(w), endColumn = geometry.Columns.EndCovering(w);
        var total = new CompensatedSum();
        for (var p = geometry.Rows.FirstCovering(h); p < endRow; p++)
        {
            var vertical = geometry.Rows.Weight(p, h);
            var q = firstColumn;
            while (q < endColumn)
            {
                var sum = 0f;
                for (var stop = CompensatedSum.BlockEnd(q, 1, endColumn); q < stop; q++)
                    sum += geometry.Columns.Weight(q, w) * dy[geometry.OutputOffset(image, p, q) + c];
                total.Add(vertical * sum);
            }
        }

        dx[i] = total.Total;
    }
}
