using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

/// <summary>The gradient through a ReLU that a convolution or a linear layer ended with.</summary>
internal static unsafe class FusedRelu
{
    private const int GrainSize = 1 << 14;      // floats: three streams of 64 KB stay in the L2 cache

    /// <summary>dy where the result was positive, else 0; in place where nobody else reads dy.</summary>
    /// <param name="dy">The gradient by the result.</param>
    /// <param name="y">The result, after the ReLU.</param>
    public static Tensor Backward(Tensor dy, Tensor y)
    {
        var masked = dy.HasSingleReference ? dy : new Tensor(dy.Shape, dy.Device);
        if (y.IsOnCpu)
        {
            float* from = dy.Pointer, result = y.Pointer, to = masked.Pointer;
            y.Cpu.ForRanges(y.Shape.Size, GrainSize, (start, n) => BackwardOnCpu(from + start, result + start, to + start, n));
        }
        else
        {
            BackwardOnGpu(dy, y, masked);
        }

        return masked;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BackwardOnGpu(Tensor dy, Tensor y, Tensor masked) =>
        y.Gpu.LaunchItems(y.Shape.Size, new ReluGradientKernel(dy.View, y.View, masked.View));

    private static void BackwardOnCpu(float* dy, float* y, float* masked, int n)
    {
        var i = 0;
        for (; i + Vector<float>.Count <= n; i += Vector<float>.Count)
        {
            // Not y ≤ 0, rather than y > 0: a NaN lets the gradient through, and the run is seen to diverge.
            var off = Vector.LessThanOrEqual(Vector.Load(y + i), Vector<float>.Zero);
            Vector.Store(Vector.AndNot(Vector.Load(dy + i), Vector.AsVectorSingle(off)), masked + i);
        }

        for (; i < n; i++) masked[i] = y[i] <= 0 ? 0 : dy[i];
    }
}

/// <summary>masked = dy, or 0 where y ≤ 0; a NaN in y lets the gradient through.</summary>
internal readonly struct ReluGradientKernel(
    ArrayView<float> dy, ArrayView<float> y, ArrayView<float> masked) : IItemKernel
{
    public void Run(int i) => masked[i] = y[i] <= 0 ? 0 : dy[i];
}
