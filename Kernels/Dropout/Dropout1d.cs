using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Dropout of whole channels of sequences.</summary>
public static class Dropout1dExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Sets each channel of each item to 0 with probability <paramref name="p"/> and divides the others by 1 − p.
        /// </summary>
        /// <param name="p">From 0 (the result is <paramref name="x"/> itself) to 1 (all zeros).</param>
        /// <param name="seed">
        /// Selects the channels. The same seed drops the same ones: draw a new one for each call.
        /// </param>
        /// <param name="position">
        /// That of the first channel among those that the seed decides about. For a part of a batch it is
        /// the number of items before it, times C: then the parts are dropped as the whole.
        /// </param>
        /// <returns>A tensor shaped like <paramref name="x"/>, [N, C, L].</returns>
        /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
        /// <exception cref="ShapeException">The rank is not 3.</exception>
        /// <remarks>
        /// The mask is computed again for the gradient instead of being kept. It is that of <c>Dropout2d</c> for the
        /// same seed.
        /// </remarks>
        /// <seealso href="https://arxiv.org/abs/1411.4280">Tompson et al., 2015, §3.2</seealso>
        public Tensor Dropout1d(float p, ulong seed, uint position = 0) =>
            DropoutProbability.Check(p) == 0 ? x : new Dropout1dOp(new DropoutMask(p, seed, position)).Apply(x);
    }
}

internal sealed class Dropout1dOp(DropoutMask mask) : Op
{
    private const int GrainSize = 1 << 15;      // elements that one thread takes at a time

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Rank == 3
        ? x[0].Shape
        : throw new ShapeException($"Dropout1d: {x[0].Shape} is not [N, C, L].");

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Run(x[0], y);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.IsExclusive ? dy : new Tensor(dy.Shape, dy.Device);
        Run(dy, dx);
        return [dx];
    }

    private void Run(Tensor input, Tensor output)
    {
        if (!output.IsOnCpu)
        {
            RunOnGpu(input, output);
            return;
        }

        var length = input.Shape[2];
        var grain = Math.Max(1, GrainSize / Math.Max(1, length));
        output.Cpu.ForRanges(input.Shape[0] * input.Shape[1], grain, (start, n) =>
        {
            for (var channel = start; channel < start + n; channel++)
                TensorPrimitives.Multiply(
                    input.Span.Slice(channel * length, length), mask.Apply(1, channel),
                    output.Span.Slice(channel * length, length));
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunOnGpu(Tensor input, Tensor output) => output.Gpu.LaunchItems(
        output.Shape.Size, new Dropout1dKernel(mask, input.View, output.Shape[2], output.View));
}

/// <summary>y = x·factor of the item and channel, in storage order [N, C, L].</summary>
internal readonly struct Dropout1dKernel(DropoutMask mask, ArrayView<float> x, int length, ArrayView<float> y)
    : IItemKernel
{
    public void Run(int i) => y[i] = x[i] * mask.Apply(1, i / length);
}
