using ILGPU;

namespace PyNetSharp;

/// <summary>
/// A convolution's weight for its gradient by the input: the lines are input channels, and the sum goes over the taps
/// that reach one class of input pixels, last tap first, and over outputs.
/// </summary>
/// <param name="weight">[outputs, kernelH, kernelW, channels] in storage.</param>
internal readonly struct FlippedWeights<TWidth>(
    ArrayView<float> weight, int outputs, int channels, (int H, int W) kernel, Phase rows, Phase columns) : IOperand<WeightPlace>
    where TWidth : struct, IWidth
{
    /// <summary>All, and those that reach the class: none, if none of a row does; a row has at least one to be divided by.</summary>
    private readonly int taps = kernel.H * kernel.W, tapsH = columns.Taps == 0 ? 0 : rows.Taps, tapsW = Math.Max(1, columns.Taps);

    /// <summary>The tap that comes last in the order of the weight, and so first here, and the distances to the next.</summary>
    private readonly int last = (rows.First + (rows.Taps - 1) * rows.Step) * kernel.W + columns.First + (columns.Taps - 1) * columns.Step;
    private readonly int stepH = rows.Step * kernel.W, stepW = columns.Step;

    public static bool AlongLine => false;

    public WeightPlace At(int line, int depth)
    {
        var tap = depth / outputs;
        return new(line, depth % outputs, tap / tapsW, tap % tapsW);
    }

    public WeightPlace Next(WeightPlace place, int depth)
    {
        int output = place.Output + depth, row = place.Row, column = place.Column;
        while (output >= outputs)
        {
            output -= outputs;
            if (++column < tapsW) continue;
            column = 0;
            row++;
        }

        return new(place.Line, output, row, column);
    }

    public long Address => GpuAddress.Of(weight);

    public Float4 Read(WeightPlace place) =>
        place.Row < tapsH ? Float4.Load<TWidth>(weight, Offset(place), channels - place.Line) : default;

    public void Send(WeightPlace place, AsyncCopy copy) =>
        copy.Send<TWidth>(Offset(place), place.Row < tapsH ? channels - place.Line : 0);

    private int Offset(WeightPlace place) =>
        (place.Output * taps + last - place.Row * stepH - place.Column * stepW) * channels + place.Line;
}

/// <summary>A weight: its input channel, output channel, and tap in flipped order.</summary>
internal readonly struct WeightPlace(int line, int output, int row, int column)
{
    public readonly int Line = line, Output = output, Row = row, Column = column;
}
