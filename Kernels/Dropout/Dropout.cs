using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Dropout of single elements.</summary>
public static class DropoutExtensions
{
    extension(Tensor x)
    {
        /// <summary>Sets each element to 0 with probability <paramref name="p"/> and divides the others by 1 − p.</summary>
        /// <param name="p">From 0 (the result is <paramref name="x"/> itself) to 1 (all zeros).</param>
        /// <param name="seed">Which elements: draw a new one for each call. The same seed drops the same positions.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>, of the same mean.</returns>
        /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
        /// <remarks>The mask is computed again for the gradient instead of being kept.</remarks>
        /// <seealso href="https://jmlr.org/papers/v15/srivastava14a.html">Srivastava et al., 2014</seealso>
        public Tensor Dropout(float p, ulong seed) =>
            DropoutProbability.Check(p) == 0 ? x : new DropoutOp(new DropoutMask(p, seed)).Apply(x);
    }
}

internal static class DropoutProbability
{
    public static float Check(float p) => p is >= 0 and <= 1
        ? p
        : throw new ArgumentOutOfRangeException(nameof(p), FormattableString.Invariant($"{p}"), "The probability of being dropped must be from 0 to 1.");
}

internal sealed class DropoutOp(DropoutMask mask) : Op
{
    private const int GrainSize = 1 << 15;

    internal override string Name => "Dropout";

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Run(x[0], y);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.HasSingleReference ? dy : new Tensor(dy.Shape, dy.Device);
        Run(dy, dx);
        return [dx];
    }

    private void Run(Tensor from, Tensor to)
    {
        if (to.IsOnCpu)
            to.Cpu.ForRanges(to.Shape.Size, GrainSize, (start, n) =>
                mask.Apply(from.Span.Slice(start, n), start, to.Span.Slice(start, n)));
        else RunOnGpu(from, to);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunOnGpu(Tensor from, Tensor to) =>
        to.Gpu.LaunchItems(to.Shape.Size, new DropoutKernel(mask, from.View, to.View));
}

internal readonly struct DropoutKernel(DropoutMask mask, ArrayView<float> x, ArrayView<float> y) : IItemKernel
{
    public void Run(int i) => y[i] = mask.Apply(x[i], i);
}
