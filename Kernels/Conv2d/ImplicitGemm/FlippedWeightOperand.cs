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
internal readonly struct FlippedWeightOperand<TAccess>(
    ArrayView<float> weight, int outputs, int channels, (int H, int W) kernel, SubconvolutionAxis rows,
    SubconvolutionAxis columns) : IGemmOperand<FlippedWeightCursor>
    where TAccess : struct, IGlobalAccess
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

    public FlippedWeightCursor CursorAt(int n, int k)
    {
        var tap = k / outputs;
        return new(n, k % outputs, tap / subTapsW, tap % subTapsW);
    }

    public FlippedWeightCursor Advance(FlippedWeightCursor cursor, int k)
    {
        int output = cursor.Output + k, row = cursor.Row, column = cursor.Column;
        while (output >= outputs)
        {
            output -= outputs;
            if (++column < subTapsW) continue;
            column = 0;
            row++;
        }

        return new(cursor.Channel, output, row, column);
    }

    public long Address => GpuAddress.Of(weight);

    public Float4 Load(FlippedWeightCursor cursor) =>
        cursor.Row < subTapsH ? Float4.Load<TAccess>(weight, Offset(cursor), channels - cursor.Channel) : default;

    public void CopyToShared(FlippedWeightCursor cursor, AsyncCopy copy) =>
        copy.CopyFour<TAccess>(Offset(cursor), cursor.Row < subTapsH ? channels - cursor.Channel : 0);

    private int Offset(FlippedWeightCursor cursor) =>
        (cursor.Output * taps + lastTap - cursor.Row * tapStrideH - cursor.Column * tapStrideW) * channels +
        cursor.Channel;
}

/// <summary>A weight: its input channel, output channel, and the row and column of its tap in flipped order.</summary>
internal readonly struct FlippedWeightCursor(int channel, int output, int row, int column)
{
    public readonly int Channel = channel, Output = output, Row = row, Column = column;
}
