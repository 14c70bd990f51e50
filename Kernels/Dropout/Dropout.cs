using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Dropout of single elements.</summary>
public static class DropoutExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Sets each element to 0 with probability <paramref name="p"/> and divides the others by 1 − p.
        /// </summary>
        /// <param name="p">From 0 (the result is <paramref name="x"/> itself) to 1 (all zeros).</param>
        /// <param name="seed">
        /// Selects the elements. The same seed drops the same positions: draw a new one for each call.
        /// </param>
        /// <param name="position">
        /// That of the first element among those that the seed decides about. For a part of a batch it is
        /// the number of elements before it: then the parts are dropped as the whole.
        /// </param>
        /// <returns>A tensor shaped like <paramref name="x"/>, with the same expected values.</returns>
        /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
        /// <remarks>The mask is computed again for the gradient instead of being kept.</remarks>
        /// <seealso href="https://jmlr.org/papers/v15/srivastava14a.html">Srivastava et al., 2014</seealso>
        public Tensor Dropout(float p, ulong seed, uint position = 0) =>
            DropoutProbability.Check(p) == 0 ? x : new DropoutOp(new DropoutMask(p, seed, position)).Apply(x);
    }
}

internal static class DropoutProbability
{
    public static float Check(float p) => p is >= 0 and <= 1
        ? p
        : throw new ArgumentOutOfRangeException(
            nameof(p), FormattableString.Invariant($"{p}"), "The dropout probability must be from 0 to 1.");
}

internal sealed class DropoutOp(DropoutMask mask) : Op
{
    private const int GrainSize = 1 << 15;      // elements that one thread takes at a time

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Run(x[0], y);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.IsExclusive ? dy : new Tensor(dy.Shape, dy.Device);
        Run(dy, dx);
        return [dx];
    }

    private void Run(Tensor input, Tensor output)
    {
        if (output.IsOnCpu)
            output.Cpu.ForRanges(output.Shape.Size, GrainSize, (start, n) =>
                mask.Apply(input.Span.Slice(start, n), start, output.Span.Slice(start, n)));
        else
            RunOnGpu(input, output);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunOnGpu(Tensor input, Tensor output) =>
        output.Gpu.LaunchItems(output.Shape.Size, new DropoutKernel(mask, input.View, output.View));
}

internal readonly struct DropoutKernel(DropoutMask mask, ArrayView<float> x, ArrayView<float> y) : IItemKernel
{
    public void Run(int i) => y[i] = mask.Apply(x[i], i);
}
