using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp;

/// <summary>The gradient of a ReLU that is fused into a convolution or a linear layer.</summary>
internal static unsafe class FusedRelu
{
    private const int GrainSize = 1 << 14;      // floats: three streams of 64 KB stay in the L2 cache

    /// <summary>dy where the result was positive, else 0; in place where dy has no other reference.</summary>
    /// <param name="dy">The gradient of the result.</param>
    /// <param name="y">The result, after the ReLU.</param>
    public static Tensor Backward(Tensor dy, Tensor y)
    {
        var masked = dy.IsExclusive ? dy : new Tensor(dy.Shape, dy.Device);
        if (y.IsOnCpu)
        {
            y.Cpu.ForRanges(y.Shape.Size, GrainSize, new RangeBody(dy.Pointer, y.Pointer, masked.Pointer));
        }
        else
        {
            BackwardOnGpu(dy, y, masked);
        }

        return masked;
    }

    /// <summary>dy, or 0 where y ≤ 0. Of a NaN in y it is dy, so that a diverging run shows.</summary>
    public static T Gradient<T>(T dy, T y) where T : struct, IReal<T> => T.SelectNonPositive(y, T.Create(0), dy);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BackwardOnGpu(Tensor dy, Tensor y, Tensor masked) =>
        y.Gpu.LaunchItems(y.Shape.Size, new ReluGradientKernel(dy.View, y.View, masked.View));

    private readonly struct RangeBody(float* dy, float* y, float* masked) : IRangeBody
    {
        public void Run(int start, int n) =>
            VectorDispatch.ForEach(n, new LoopBody(dy + start, y + start, masked + start));
    }

    private readonly struct LoopBody(float* dy, float* y, float* masked) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> =>
            Gradient(V.Load(dy + i), V.Load(y + i)).Store(masked + i);
    }
}

/// <summary>masked = <see cref="FusedRelu.Gradient"/>.</summary>
internal readonly struct ReluGradientKernel(
    ArrayView<float> dy, ArrayView<float> y, ArrayView<float> masked) : IItemKernel
{
    public void Run(int i) => masked[i] = FusedRelu.Gradient(new GpuFloat(dy[i]), new GpuFloat(y[i])).V;
}
