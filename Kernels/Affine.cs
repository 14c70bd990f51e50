using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

/// <summary>Arithmetic of a tensor with a number.</summary>
public static class AffineExtensions
{
    extension(Tensor)
    {
        /// <summary>−x, elementwise.</summary>
        public static Tensor operator -(Tensor x) => new AffineOp(-1, 0).Apply(x);

        /// <summary>x + <paramref name="shift"/>, elementwise.</summary>
        public static Tensor operator +(Tensor x, float shift) => new AffineOp(1, shift).Apply(x);

        /// <summary><paramref name="shift"/> + x, elementwise.</summary>
        public static Tensor operator +(float shift, Tensor x) => new AffineOp(1, shift).Apply(x);

        /// <summary>x − <paramref name="shift"/>, elementwise.</summary>
        public static Tensor operator -(Tensor x, float shift) => new AffineOp(1, -shift).Apply(x);

        /// <summary><paramref name="shift"/> − x, elementwise.</summary>
        public static Tensor operator -(float shift, Tensor x) => new AffineOp(-1, shift).Apply(x);

        /// <summary>x·<paramref name="scale"/>, elementwise.</summary>
        public static Tensor operator *(Tensor x, float scale) => new AffineOp(scale, 0).Apply(x);

        /// <summary><paramref name="scale"/>·x, elementwise.</summary>
        public static Tensor operator *(float scale, Tensor x) => new AffineOp(scale, 0).Apply(x);
    }
}

/// <summary>y = scale·x + shift.</summary>
internal sealed class AffineOp(float scale, float shift) : Op
{
    private const int GrainSize = 1 << 12;      // the second pass finds what the first wrote in the L1 cache

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Run(x[0], scale, shift, y);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        if (scale == 1) return [dy];
        var dx = dy.HasSingleReference ? dy : new Tensor(dy.Shape, dy.Device);
        Run(dy, scale, 0, dx);
        return [dx];
    }

    /// <summary>y = scale·x + shift; <paramref name="y"/> may be <paramref name="x"/>.</summary>
    public static void Run(Tensor x, float scale, float shift, Tensor y)
    {
        if (y.IsOnCpu)
            y.Cpu.ForRanges(y.Shape.Size, GrainSize, (start, n) =>
            {
                var to = y.Span.Slice(start, n);
                TensorPrimitives.Multiply(x.Span.Slice(start, n), scale, to);
                if (shift != 0) TensorPrimitives.Add(to, shift, to);
            });
        else RunOnGpu(x, scale, shift, y);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnGpu(Tensor x, float scale, float shift, Tensor y) =>
        y.Gpu.LaunchItems(y.Shape.Size, new AffineKernel(x.View, scale, shift, y.View));
}

internal readonly struct AffineKernel(ArrayView<float> x, float scale, float shift, ArrayView<float> y) : IItemKernel
{
    public void Run(int i) => y[i] = x[i] * scale + shift;
}
