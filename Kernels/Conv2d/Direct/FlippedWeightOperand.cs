using ILGPU;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The weight as the input gradient multiplies it: GEMM N is the input channel, GEMM K the taps of one subconvolution,
/// last tap first, and within a tap the output channel.
/// </summary>
/// <param name="weight">[K, R, S, C] in storage.</param>
/// <param name="outputs">K</param>
/// <param name="channels">C</param>
/// <param name="kernel">R and S.</param>
/// <param name="rows">The subconvolution's kernel rows.</param>
/// <param name="columns">The subconvolution's kernel columns.</param>
internal readonly struct FlippedWeightOperand<TWidth>(
    ArrayView<float> weight, int outputs, int channels, (int H, int W) kernel, SubconvolutionAxis rows,
    SubconvolutionAxis columns) : IGemmOperand<FlippedWeightPosition>
    where TWidth : struct, IAccessWidth
{
    private readonly int taps = kernel.H * kernel.W;

    /// <summary>
    /// Taps of the subconvolution: no rows if a row has none; at least 1 in a row, since it is a divisor.
    /// </summary>
    private readonly int subTapsH = columns.Taps == 0 ? 0 : rows.Taps, subTapsW = Math.Max(1, columns.Taps);

    /// <summary>The tap that is last in storage and first here, and the distances to the next.</summary>
    private readonly int lastTap =
        (rows.FirstTap + (rows.Taps - 1) * rows.TapStride) * kernel.W +
        columns.FirstTap + (columns.Taps - 1) * columns.TapStride;
    private readonly int tapStrideH = rows.TapStride * kernel.W, tapStrideW = columns.TapStride;

    public static bool IsKMajor => false;

    public FlippedWeightPosition PositionAt(int n, int k)
    {
        var tap = k / outputs;
        return new(n, k % outputs, tap / subTapsW, tap % subTapsW);
    }

    public FlippedWeightPosition Advance(FlippedWeightPosition position, int depth)
    {
        int output = position.Output + depth, row = position.Row, column = position.Column;
        while (output >= outputs)
        {
            output -= outputs;
            if (++column < subTapsW) continue;
            column = 0;
            row++;
        }

        return new(position.Channel, output, row, column);
    }

    public long Address => GpuAddress.Of(weight);

    public Float4 Load(FlippedWeightPosition position) =>
        position.Row < subTapsH ? Float4.Load<TWidth>(weight, Offset(position), channels - position.Channel) : default;

    public void CopyToShared(FlippedWeightPosition position, AsyncCopy copy) =>
        copy.CopyFour<TWidth>(Offset(position), position.Row < subTapsH ? channels - position.Channel : 0);

    private int Offset(FlippedWeightPosition position) =>
        (position.Output * taps + lastTap - position.Row * tapStrideH - position.Column * tapStrideW) * channels +
        position.Channel;
}

/// <summary>A weight: its input channel, output channel, and the row and column of its tap in flipped order.</summary>
internal readonly struct FlippedWeightPosition(int channel, int output, int row, int column)
{
    public readonly int Channel = channel, Output = output, Row = row, Column = column;
}
