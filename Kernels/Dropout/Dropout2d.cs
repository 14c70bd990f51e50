using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Dropout of whole channels.</summary>
public static class Dropout2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Sets each channel of each image to 0 with probability <paramref name="p"/> and divides the others by 1 − p.
        /// </summary>
        /// <param name="p">From 0 (the result is <paramref name="x"/> itself) to 1 (all zeros).</param>
        /// <param name="seed">
        /// Selects the channels. The same seed drops the same ones: draw a new one for each call.
        /// </param>
        /// <param name="position">
        /// That of the first channel among those that the seed decides about. For a part of a batch it is
        /// the number of images before it, times C: then the parts are dropped as the whole.
        /// </param>
        /// <returns>A tensor shaped like <paramref name="x"/>, [N, C, H, W].</returns>
        /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
        /// <exception cref="ShapeException">The rank is not 4.</exception>
        /// <remarks>The mask is computed again for the gradient instead of being kept.</remarks>
        /// <seealso href="https://arxiv.org/abs/1411.4280">Tompson et al., 2015, §3.2</seealso>
        public Tensor Dropout2d(float p, ulong seed, uint position = 0) =>
            DropoutProbability.Check(p) == 0 ? x : new Dropout2dOp(new DropoutMask(p, seed, position)).Apply(x);
    }
}

internal sealed unsafe class Dropout2dOp(DropoutMask mask) : Op
{
    private const int GrainSize = 256;      // pixels that one thread takes at a time

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Rank == 4
        ? x[0].Shape
        : throw new ShapeException($"Dropout2d: {x[0].Shape} is not [N, C, H, W].");

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Run(x[0], y);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.IsExclusive ? dy : new Tensor(dy.Shape, dy.Device);
        Run(dy, dx);
        return [dx];
    }

    private void Run(Tensor input, Tensor output)
    {
        if (output.IsOnCpu) RunOnCpu(input, output);
        else RunOnGpu(input, output);
    }

    private void RunOnCpu(Tensor input, Tensor output)
    {
        var (images, channels, height, width) = input.Shape;
        using var temporary = new TemporaryTensor([images, channels], input.Device);
        var factors = temporary.Tensor;
        factors.Span.Fill(1);
        mask.Apply(factors.Span, 0, factors.Span);

        var pixels = height * width;
        var blocks = (pixels + GrainSize - 1) / GrainSize;
        input.Cpu.For(images * blocks, i =>
        {
            var (image, block) = Math.DivRem(i, blocks);
            var (first, end) = (block * GrainSize, Math.Min(pixels, (block + 1) * GrainSize));
            var start = ((nint)image * pixels + first) * channels;
            var imageFactors = factors.Pointer + (nint)image * channels;
            Scale(input.Pointer + start, imageFactors, end - first, channels, output.Pointer + start);
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunOnGpu(Tensor input, Tensor output)
    {
        var (_, channels, height, width) = input.Shape;
        output.Gpu.LaunchItems(
            output.Shape.Size, new Dropout2dKernel(mask, input.View, channels, height * width, output.View));
    }

    /// <summary>y[pixel, c] = x[pixel, c] · factors[c]; <paramref name="y"/> may be <paramref name="x"/>.</summary>
    private static void Scale(float* x, float* factors, int pixels, int channels, float* y)
    {
        for (; pixels > 0; pixels--, x += channels, y += channels)
        {
            var c = 0;
            for (; c <= channels - Vector<float>.Count; c += Vector<float>.Count)
                (Vector.Load(x + c) * Vector.Load(factors + c)).Store(y + c);
            for (; c < channels; c++) y[c] = x[c] * factors[c];
        }
    }
}

/// <summary>y = x·factor of the image and channel, in storage order [N, H·W, C].</summary>
internal readonly struct Dropout2dKernel(
    DropoutMask mask, ArrayView<float> x, int channels, int pixels, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var pixel = i / channels;
        y[i] = x[i] * mask.Apply(1, pixel / pixels * channels + i - pixel * channels);
    }
}
