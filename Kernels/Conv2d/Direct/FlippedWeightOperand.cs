using ILGPU;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// A convolution's weight for its gradient by the input: the lines are input channels, and the sum goes over the taps
/// that reach one class of input pixels, last tap first, and over outputs.
/// </summary>
/// <param name="weight">[outputs, kernelH, kernelW, channels] in storage.</param>
internal readonly struct FlippedWeightOperand<TWidth>(
    ArrayView<float> weight, int outputs, int channels, (int H, int W) kernel, SubconvolutionAxis rows, SubconvolutionAxis columns) : IGemmOperand<FlippedWeightPosition>
    where TWidth : struct, IAccessWidth
{
    /// <summary>All, and those that reach the class: none, if none of a row does; a row has at least one to be divided by.</summary>
    private readonly int taps = kernel.H * kernel.W, subTapsH = columns.Taps == 0 ? 0 : rows.Taps, subTapsW = Math.Max(1, columns.Taps);

    /// <summary>The tap that comes last in the order of the weight, and so first here, and the distances to the next.</summary>
    private readonly int lastTap = (rows.FirstTap + (rows.Taps - 1) * rows.TapStride) * kernel.W + columns.FirstTap + (columns.Taps - 1) * columns.TapStride;
    private readonly int tapStrideH = rows.TapStride * kernel.W, tapStrideW = columns.TapStride;

    public static bool IsKMajor => false;

    public FlippedWeightPosition PositionAt(int line, int depth)
    {
        var tap = depth / outputs;
        return new(line, depth % outputs, tap / subTapsW, tap % subTapsW);
    }

    public FlippedWeightPosition Advance(FlippedWeightPosition place, int depth)
    {
        int output = place.Output + depth, row = place.Row, column = place.Column;
        while (output >= outputs)
        {
            output -= outputs;
            if (++column < subTapsW) continue;
            column = 0;
            row++;
        }

        return new(place.Line, output, row, column);
    }

    public long Address => GpuAddress.Of(weight);

    public Float4 Load(FlippedWeightPosition place) =>
        place.Row < subTapsH ? Float4.Load<TWidth>(weight, Offset(place), channels - place.Line) : default;

    public void CopyToShared(FlippedWeightPosition place, AsyncCopy copy) =>
        copy.CopyFour<TWidth>(Offset(place), place.Row < subTapsH ? channels - place.Line : 0);

    private int Offset(FlippedWeightPosition place) =>
        (place.Output * taps + lastTap - place.Row * tapStrideH - place.Column * tapStrideW) * channels + place.Line;
}

/// <summary>A weight: its input channel, output channel, and tap in flipped order.</summary>
internal readonly struct FlippedWeightPosition(int line, int output, int row, int column)
{
    public readonly int Line = line, Output = output, Row = row, Column = column;
}
