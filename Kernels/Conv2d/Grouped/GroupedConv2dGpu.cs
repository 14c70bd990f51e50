using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>
/// The three passes on a GPU where there are groups or a dilation: by the definition, a thread per output, without
/// shared memory.
/// </summary>
/// <remarks>
/// Depthwise convolutions are limited by memory in any case. Groups of many channels and dilated convolutions are far
/// from what implicit GEMM reaches.
/// </remarks>
internal static class GroupedConv2dGpu
{
    private const int MaxPositionsPerThread = 256;  // of more, many threads share a weight
    private const int PositionsPerSlice = 4096;
    private const int MaxSlices = 64;
    private const int MaxSliceFloats = 1 << 22;     // of all slices' sums: 16 MB, more only for large weights

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Forward(Conv2dProblem problem, Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y) =>
        y.Gpu.LaunchItems(y.Shape.Size, new GroupedConv2dKernel(
            x.View, weight.View, bias is null ? ArrayView<float>.Empty : bias.View,
            relu ? 0 : float.NegativeInfinity, new(problem), y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void InputGradient(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx) =>
        dx.Gpu.LaunchItems(
            dx.Shape.Size, new GroupedInputGradientKernel(dy.View, weight.View, new(problem), dx.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void WeightGradient(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db)
    {
        var (geometry, columns) = (new GroupedGeometry(problem), new ColumnReduction(problem.K));
        var sums = dw.Shape.Size / problem.K + 1;       // per output channel, with that of the bias
        if (geometry.Positions <= MaxPositionsPerThread)
        {
            dw.Gpu.LaunchItems(
                sums * problem.K,
                new SmallWeightGradientKernel(dy.View, x.View, geometry, sums, dw.View, db.View));
            return;
        }

        var slices = Math.Clamp(
            geometry.Positions / PositionsPerSlice, 1, Math.Clamp(MaxSliceFloats / (sums * problem.K), 1, MaxSlices));
        using var partial = new TemporaryTensor([slices, sums, problem.K], dw.Device);
        dw.Gpu.LaunchGroups(
            new(slices * sums * columns.GroupCount, 1, 1),
            new GroupedWeightGradientKernel(dy.View, x.View, geometry, columns, slices, sums, partial.Tensor.View));
        dw.Gpu.LaunchItems(
            sums * problem.K,
            new AddWeightGradientSlicesKernel(partial.Tensor.View, slices, sums, problem.K, dw.View, db.View));
    }
}

/// <summary>A <see cref="Conv2dProblem"/> as GPU threads use it.</summary>
internal readonly struct GroupedGeometry(Conv2dProblem problem)
{
    public readonly int Images = problem.N, Height = problem.H, Width = problem.W, Channels = problem.C;
    public readonly int OutputH = problem.P, OutputW = problem.Q, Outputs = problem.K;
    public readonly int KernelH = problem.R, KernelW = problem.S;
    public readonly int StrideH = problem.Stride.H, StrideW = problem.Stride.W;
    public readonly int PaddingH = problem.Padding.H, PaddingW = problem.Padding.W;
    public readonly int DilationH = problem.Dilation.H, DilationW = problem.Dilation.W;

    /// <summary>Input and output channels of a group.</summary>
    public readonly int GroupInputs = problem.GroupInputs, GroupOutputs = problem.GroupOutputs;

    /// <summary>N·P·Q</summary>
    public int Positions => Images * OutputH * OutputW;

    /// <summary>The offset of an input pixel's channels.</summary>
    public int InputOffset(int image, int row, int column) => ((image * Height + row) * Width + column) * Channels;

    /// <summary>The offset of an output pixel's channels.</summary>
    public int OutputOffset(int image, int row, int column) => ((image * OutputH + row) * OutputW + column) * Outputs;

    /// <summary>The offset of the weights of a tap of an output channel.</summary>
    public int WeightOffset(int output, int r, int s) => ((output * KernelH + r) * KernelW + s) * GroupInputs;
}

/// <summary>One thread computes one output.</summary>
/// <param name="bias">[K], or empty for none.</param>
/// <param name="min">The lower bound of the results: 0 for a ReLU, −∞ for none.</param>
internal readonly struct GroupedConv2dKernel(
    ArrayView<float> x, ArrayView<float> weight, ArrayView<float> bias, float min, GroupedGeometry geometry,
    ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        int position = i / geometry.Outputs, output = i - position * geometry.Outputs;
        int line = position / geometry.OutputW, column = position - line * geometry.OutputW;
        int image = line / geometry.OutputH, row = line - image * geometry.OutputH;
        int top = row * geometry.StrideH - geometry.PaddingH, left = column * geometry.StrideW - geometry.PaddingW;
        var firstChannel = output / geometry.GroupOutputs * geometry.GroupInputs;
        var total = new CompensatedSum();
        if (bias.Length > 0) total.Add(bias[output]);
        for (var r = 0; r < geometry.KernelH; r++)
        {
            var h = top + r * geometry.DilationH;
            if ((uint)h >= (uint)geometry.Height) continue;
            for (var s = 0; s < geometry.KernelW; s++)
            {
                var w = left + s * geometry.DilationW;
                if ((uint)w >= (uint)geometry.Width) continue;
                var from = geometry.InputOffset(image, h, w) + firstChannel;
                int weights = geometry.WeightOffset(output, r, s), c = 0;
                while (c < geometry.GroupInputs)
                {
                    var sum = 0f;
                    for (var stop = CompensatedSum.BlockEnd(c, 1, geometry.GroupInputs); c < stop; c++)
                        sum += x[from + c] * weight[weights + c];
                    total.Add(sum);
                }
            }
        }

        var result = total.Total;
        y[i] = result < min ? min : result;
    }
}

/// <summary>One thread adds up the gradient of one input, over the outputs that it goes into.</summary>
internal readonly struct GroupedInputGradientKernel(
    ArrayView<float> dy, ArrayView<float> weight, GroupedGeometry geometry, ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        int pixel = i / geometry.Channels, channel = i - pixel * geometry.Channels;
        int line = pixel / geometry.Width, w = pixel - line * geometry.Width;
        int image = line / geometry.Height, h = line - image * geometry.Height;
        int group = channel / geometry.GroupInputs, channelInGroup = channel - group * geometry.GroupInputs;
        int firstOutput = group * geometry.GroupOutputs, endOutput = firstOutput + geometry.GroupOutputs;
        var perOutput = geometry.WeightOffset(1, 0, 0);
        var total = new CompensatedSum();
        for (var r = 0; r < geometry.KernelH; r++)
        {
            var fromTop = h + geometry.PaddingH - r * geometry.DilationH;
            var row = fromTop / geometry.StrideH;
            if (fromTop < 0 || row * geometry.StrideH != fromTop || row >= geometry.OutputH) continue;
            for (var s = 0; s < geometry.KernelW; s++)
            {
                var fromLeft = w + geometry.PaddingW - s * geometry.DilationW;
                var column = fromLeft / geometry.StrideW;
                if (fromLeft < 0 || column * geometry.StrideW != fromLeft || column >= geometry.OutputW) continue;
                var gradients = geometry.OutputOffset(image, row, column);
                var output = firstOutput;
                var weights = geometry.WeightOffset(output, r, s) + channelInGroup;
                while (output < endOutput)
                {
                    var sum = 0f;
                    for (var stop = CompensatedSum.BlockEnd(output, 1, endOutput); output < stop; output++)
                    {
                        sum += dy[gradients + output] * weight[weights];
                        weights += perOutput;
                    }

                    total.Add(sum);
                }
            }
        }

        dx[i] = total.Total;
    }
}

/// <summary>What a thread adds up for one weight of an output channel, or for its bias.</summary>
/// <param name="sums">The number of weights of an output channel, and one.</param>
internal readonly struct WeightGradientSum(
    ArrayView<float> dy, ArrayView<float> x, GroupedGeometry geometry, int index, int sums, int output)
{
    /// <summary>The sum over every <paramref name="step"/>th position from <paramref name="position"/> on.</summary>
    public float Over(int position, int end, int step)
    {
        int tap = index / geometry.GroupInputs, channel = index - tap * geometry.GroupInputs;
        int r = tap / geometry.KernelW, s = tap - r * geometry.KernelW;
        channel += output / geometry.GroupOutputs * geometry.GroupInputs;
        var total = new CompensatedSum();
        while (position < end)
        {
            var sum = 0f;
            for (var stop = CompensatedSum.BlockEnd(position, step, end); position < stop; position += step)
            {
                var gradient = dy[position * geometry.Outputs + output];
                if (index == sums - 1)
                {
                    sum += gradient;
                    continue;
                }

                int line = position / geometry.OutputW, column = position - line * geometry.OutputW;
                int image = line / geometry.OutputH, row = line - image * geometry.OutputH;
                int h = row * geometry.StrideH - geometry.PaddingH + r * geometry.DilationH;
                int w = column * geometry.StrideW - geometry.PaddingW + s * geometry.DilationW;
                if ((uint)h < (uint)geometry.Height && (uint)w < (uint)geometry.Width)
                    sum += gradient * x[geometry.InputOffset(image, h, w) + channel];
            }

            total.Add(sum);
        }

        return total.Total;
    }
}

/// <summary>
/// A group of threads adds up, over a slice of the positions, one weight of up to 32 output channels, or their bias.
/// </summary>
/// <param name="partial">[slices, <paramref name="sums"/>, K]</param>
internal readonly struct GroupedWeightGradientKernel(
    ArrayView<float> dy, ArrayView<float> x, GroupedGeometry geometry, ColumnReduction columns, int slices, int sums,
    ArrayView<float> partial) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        var output = columns.Column;
        int slice = columns.MatrixIndex / sums, index = columns.MatrixIndex - slice * sums;
        var depth = (geometry.Positions + slices - 1) / slices;
        var end = output < columns.Extent ? IntrinsicMath.Min(geometry.Positions, (slice + 1) * depth) : 0;
        var sum = new WeightGradientSum(dy, x, geometry, index, sums, output)
            .Over(slice * depth + columns.ThreadInColumn, end, columns.ThreadsPerColumn);
        var all = columns.Sum(shared, sum);
        if (columns.ThreadInColumn == 0 && output < columns.Extent)
            partial[columns.MatrixIndex * columns.Extent + output] = all;
    }
}

/// <summary>One thread adds up one weight, or bias, over all positions.</summary>
/// <param name="dw">[outputs, <paramref name="sums"/> − 1]</param>
internal readonly struct SmallWeightGradientKernel(
    ArrayView<float> dy, ArrayView<float> x, GroupedGeometry geometry, int sums, ArrayView<float> dw,
    ArrayView<float> db) : IItemKernel
{
    public void Run(int i)
    {
        int index = i / geometry.Outputs, output = i - index * geometry.Outputs;
        var sum = new WeightGradientSum(dy, x, geometry, index, sums, output).Over(0, geometry.Positions, 1);
        if (index == sums - 1) db[output] = sum;
        else dw[output * (sums - 1) + index] = sum;
    }
}

/// <summary>One thread adds one weight's sums of all slices.</summary>
/// <param name="partial">[slices, sums, outputs]; the last of the sums is the bias's.</param>
/// <param name="dw">[outputs, sums − 1]</param>
internal readonly struct AddWeightGradientSlicesKernel(
    ArrayView<float> partial, int slices, int sums, int outputs, ArrayView<float> dw, ArrayView<float> db) : IItemKernel
{
    public void Run(int i)
    {
        int index = i / outputs, output = i - index * outputs;
        var total = new CompensatedSum();
        for (var slice = 0; slice < slices; slice++) total.Add(partial[slice * sums * outputs + i]);
        if (index == sums - 1) db[output] = total.Total;
        else dw[output * (sums - 1) + index] = total.Total;
    }
}
