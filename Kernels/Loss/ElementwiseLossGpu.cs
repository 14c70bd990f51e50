using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>The GPU half of <see cref="ElementwiseLossOp{TFormula}"/>.</summary>
internal static class ElementwiseLossGpu
{
    private const int SliceLength = 16 * 256, MaxSlices = 1024;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Forward<TFormula>(
        Tensor x, Tensor target, TFormula formula, bool isReduced, float divisor, Tensor y)
        where TFormula : unmanaged, ILossFormula
    {
        if (!FormulaParameters<TFormula>.AreNone) Launch(formula);
        else Launch(new StatelessLoss<TFormula>(0));

        void Launch<T>(T argument) where T : unmanaged, ILossFormula
        {
            if (isReduced) Reduce(x, target, argument, divisor, y);
            else y.Gpu.LaunchItems(y.Shape.Size, new LossKernel<T>(x.View, target.View, argument, y.View));
        }
    }

    /// <remarks>The kernel reads <paramref name="dy"/> on the device, so the host does not wait for it.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Backward<TFormula>(
        Tensor x, Tensor target, TFormula formula, bool isInput, Tensor dy, bool isReduced, float divisor, Tensor dx)
        where TFormula : unmanaged, ILossFormula
    {
        if (!FormulaParameters<TFormula>.AreNone) Launch(formula);
        else Launch(new StatelessLoss<TFormula>(0));

        void Launch<T>(T argument) where T : unmanaged, ILossFormula
        {
            var (n, gradient) = (dx.Shape.Size, new LossGradient(dy.View, isReduced ? 0 : 1, divisor));
            if (isInput)
                dx.Gpu.LaunchItems(
                    n, new LossInputGradientKernel<T>(x.View, target.View, argument, gradient, dx.View));
            else
                dx.Gpu.LaunchItems(
                    n, new LossTargetGradientKernel<T>(x.View, target.View, argument, gradient, dx.View));
        }
    }

    private static void Reduce<TFormula>(Tensor x, Tensor target, TFormula formula, float divisor, Tensor y)
        where TFormula : unmanaged, ILossFormula
    {
        var n = x.Shape.Size;
        var slices = Math.Clamp((n + SliceLength - 1) / SliceLength, 1, MaxSlices);
        using var partial = new TemporaryTensor([slices], x.Device);
        y.Gpu.LaunchGroups(
            new(slices, 1, 1),
            new ElementwiseLossSumKernel<TFormula>(x.View, target.View, formula, n, slices, partial.Tensor.View));
        y.Gpu.LaunchGroups(new(1, 1, 1), new LossSumKernel(partial.Tensor.View, slices, divisor, y.View));
    }
}

/// <summary>The gradient of each element's loss: a scalar's share (stride 0), or its own (stride 1).</summary>
internal readonly struct LossGradient(ArrayView<float> dy, int stride, float divisor)
{
    public float Of(int i) => dy[i * stride] / divisor;
}

/// <summary>y = F(x, t)</summary>
internal readonly struct LossKernel<TFormula>(
    ArrayView<float> x, ArrayView<float> t, TFormula formula, ArrayView<float> y) : IItemKernel
    where TFormula : unmanaged, ILossFormula
{
    public void Run(int i) => y[i] = formula.F(new GpuFloat(x[i]), new GpuFloat(t[i])).V;
}

/// <summary>dx = dy·∂F/∂x</summary>
internal readonly struct LossInputGradientKernel<TFormula>(
    ArrayView<float> x, ArrayView<float> t, TFormula formula, LossGradient dy, ArrayView<float> dx) : IItemKernel
    where TFormula : unmanaged, ILossFormula
{
    public void Run(int i) => dx[i] = dy.Of(i) * formula.DInput(new GpuFloat(x[i]), new GpuFloat(t[i])).V;
}

/// <summary>dt = dy·∂F/∂t</summary>
internal readonly struct LossTargetGradientKernel<TFormula>(
    ArrayView<float> x, ArrayView<float> t, TFormula formula, LossGradient dy, ArrayView<float> dt) : IItemKernel
    where TFormula : unmanaged, ILossFormula
{
    public void Run(int i) => dt[i] = dy.Of(i) * formula.DTarget(new GpuFloat(x[i]), new GpuFloat(t[i])).V;
}

/// <summary>Σ F(x, t) over each slice, one group of threads per slice.</summary>
internal readonly struct ElementwiseLossSumKernel<TFormula>(
    ArrayView<float> x, ArrayView<float> t, TFormula formula, int count, int slices, ArrayView<float> sums)
    : IGroupKernel where TFormula : unmanaged, ILossFormula
{
    public static int Threads => 256;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(256);
        var depth = (count + slices - 1) / slices;
        var start = Grid.IdxX * depth;
        var end = IntrinsicMath.Min(count, start + depth);
        var total = new CompensatedSum();
        var i = start + Group.IdxX;
        while (i < end)
        {
            var partial = 0f;
            for (var stop = CompensatedSum.BlockEnd(i, 256, end); i < stop; i += 256)
                partial += formula.F(new GpuFloat(x[i]), new GpuFloat(t[i])).V;
            total.Add(partial);
        }

        var sum = GroupReduction.Sum(shared, total.Total);
        if (Group.IdxX == 0) sums[Grid.IdxX] = sum;
    }
}

/// <summary>The sum of all losses, divided, by one group of threads.</summary>
internal readonly struct LossSumKernel(ArrayView<float> losses, int count, float divisor, ArrayView<float> y)
    : IGroupKernel
{
    public static int Threads => 256;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(256);
        var total = new CompensatedSum();
        var i = Group.IdxX;
        while (i < count)
        {
            var partial = 0f;
            for (var stop = CompensatedSum.BlockEnd(i, 256, count); i < stop; i += 256) partial += losses[i];
            total.Add(partial);
        }

        var sum = GroupReduction.Sum(shared, total.Total);
        if (Group.IdxX == 0) y[0] = sum / divisor;
    }
}
