using System.Numerics;
using System.Runtime.CompilerServices;

namespace PyNetSharp.Benchmarks;

/// <summary>Several output channels at a time.</summary>
internal static unsafe class VectorVariants
{
    /// <summary>
    /// As <see cref="ScalarVariants.ChannelsLast"/>, with vectors of output channels: two loads, a multiply-add and
    /// a store.
    /// </summary>
    public static void VectorsOfOutputs(ConvProblem problem, float[] y)
    {
        var (channels, side, outputs) = (problem.Channels, problem.Side, problem.Outputs);
        CheckMultiple(outputs, Vector<float>.Count);
        for (var pixel = 0; pixel < problem.Images * side * side; pixel++)
        {
            var sums = y.AsSpan(pixel * outputs, outputs);
            sums.Clear();
            foreach (var (input, tap) in new ValidTaps(problem, pixel))
                for (var c = 0; c < channels; c++)
                {
                    var value = new Vector<float>(problem.XChannelsLast[input * channels + c]);
                    var weights = problem.WeightOutputsLast.AsSpan((tap * channels + c) * outputs, outputs);
                    for (var o = 0; o < sums.Length; o += Vector<float>.Count)
                    {
                        var sum = new Vector<float>(sums[o..]);
                        Vector.MultiplyAddEstimate(value, new(weights[o..]), sum).CopyTo(sums[o..]);
                    }
                }
        }
    }

    /// <summary>
    /// Four pixels by two vectors of output channels stay in registers until they are done: eight multiply-adds to six
    /// loads and no store. The images are padded first, in a copy, so that no tap needs a bounds check.
    /// </summary>
    public static void RegisterTile(ConvProblem problem, float[] y)
    {
        var (channels, side, outputs, kernel) = (problem.Channels, problem.Side, problem.Outputs, problem.Kernel);
        CheckMultiple(side, 4);
        CheckMultiple(outputs, 2 * Vector<float>.Count);
        var (padded, paddedSide) = (Pad(problem), side + kernel - 1);
        fixed (float* x = padded, w = problem.WeightOutputsLast, to = y)
            for (var row = 0; row < problem.Images * side; row++)
                for (var column = 0; column < side; column += 4)
                    for (var o = 0; o < outputs; o += 2 * Vector<float>.Count)
                    {
                        var first = x + ((row / side * paddedSide + row % side) * paddedSide + column) * channels;
                        var sums = to + (row * side + column) * outputs + o;
                        Tile(first, paddedSide * channels, kernel, channels, w + o, outputs, sums);
                    }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(float* x, nint stride, int kernel, nint channels, float* w, nint outputs, float* y)
    {
        Vector<float> c00 = default, c01 = default, c10 = default, c11 = default;
        Vector<float> c20 = default, c21 = default, c30 = default, c31 = default;
        for (var kh = 0; kh < kernel; kh++)
        {
            // Within a kernel row the channels of all taps are contiguous, in the image as in the weights.
            var line = x + kh * stride;
            for (nint k = 0; k < kernel * channels; k++, w += outputs)
            {
                var (left, right) = (Vector.Load(w), Vector.Load(w + Vector<float>.Count));
                Step(line[k], left, right, ref c00, ref c01);
                Step(line[k + channels], left, right, ref c10, ref c11);
                Step(line[k + 2 * channels], left, right, ref c20, ref c21);
                Step(line[k + 3 * channels], left, right, ref c30, ref c31);
            }
        }

        Store(y, c00, c01);
        Store(y + outputs, c10, c11);
        Store(y + 2 * outputs, c20, c21);
        Store(y + 3 * outputs, c30, c31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        float x, Vector<float> left, Vector<float> right, ref Vector<float> sumLeft, ref Vector<float> sumRight)
    {
        var xs = new Vector<float>(x);
        sumLeft = Vector.MultiplyAddEstimate(xs, left, sumLeft);
        sumRight = Vector.MultiplyAddEstimate(xs, right, sumRight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, Vector<float> left, Vector<float> right)
    {
        left.Store(y);
        right.Store(y + Vector<float>.Count);
    }

    private static float[] Pad(ConvProblem problem)
    {
        var (side, padding, line) = (problem.Side, problem.Padding, problem.Side * problem.Channels);
        var paddedSide = side + problem.Kernel - 1;
        var padded = new float[problem.Images * paddedSide * paddedSide * problem.Channels];
        for (var row = 0; row < problem.Images * side; row++)
        {
            var paddedRow = row / side * paddedSide + row % side + padding;
            problem.XChannelsLast.AsSpan(row * line, line).CopyTo(
                padded.AsSpan((paddedRow * paddedSide + padding) * problem.Channels));
        }

        return padded;
    }

    /// <summary>A variant shows one idea; remainders are left to the kernels that the networks use.</summary>
    private static void CheckMultiple(int extent, int size)
    {
        if (extent % size != 0) throw new ArgumentException($"This variant takes multiples of {size}, not {extent}.");
    }
}
