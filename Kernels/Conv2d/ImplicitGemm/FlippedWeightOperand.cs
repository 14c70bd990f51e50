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
    private readonly FastDivisor outputsPerTap = new(Math.Max(1, outputs));

    /// <summary>
    /// Taps of the subconvolution: no rows if a row has none; at least 1 in a row, since it is a divisor.
    /// </summary>
    private readonly int subTapsH = columns.Taps == 0 ? 0 : rows.Taps;
    private readonly FastDivisor subTapsW = new(Math.Max(1, columns.Taps));

    /// <summary>The tap that is last in storage and first here, and the distances to the next.</summary>
    private readonly int lastTap =
        (rows.FirstTap + (rows.Taps - 1) * rows.TapStride) * kernel.W +
        columns.FirstTap + (columns.Taps - 1) * columns.TapStride;
    private readonly int tapStrideH = rows.TapStride * kernel.W, tapStrideW = columns.TapStride;

    public static bool IsKMajor => false;

    public FlippedWeightCursor CursorAt(int n, int k) => new(n, k);

    public FlippedWeightCursor Advance(FlippedWeightCursor cursor, int k) => new(cursor.Channel, cursor.K + k);

    public long Address => GpuAddress.Of(weight);

    public Float4 Load(FlippedWeightCursor cursor)
    {
        var (row, column, output) = Locate(cursor.K);
        return row < subTapsH
            ? Float4.Load<TAccess>(weight, OffsetOf(cursor, row, column, output), channels - cursor.Channel)
            : default;
    }

    public void CopyToShared(FlippedWeightCursor cursor, AsyncCopy copy)
    {
        var (row, column, output) = Locate(cursor.K);
        copy.CopyFour<TAccess>(
            OffsetOf(cursor, row, column, output), row < subTapsH ? channels - cursor.Channel : 0);
    }

    private (int Row, int Column, int Output) Locate(int k)
    {
        int tap = outputsPerTap.Quotient(k), row = subTapsW.Quotient(tap);
        return (row, tap - row * subTapsW.Divisor, k - tap * outputsPerTap.Divisor);
    }

    private int OffsetOf(FlippedWeightCursor cursor, int row, int column, int output) =>
        (output * taps + lastTap - row * tapStrideH - column * tapStrideW) * channels + cursor.Channel;
}

/// <summary>A weight: its input channel, and its index along GEMM K.</summary>
internal readonly struct FlippedWeightCursor(int channel, int k)
{
    public readonly int Channel = channel, K = k;
}
