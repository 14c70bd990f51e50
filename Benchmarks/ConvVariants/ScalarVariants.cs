namespace PyNetSharp.Benchmarks;

/// <summary>One float at a time.</summary>
internal static class ScalarVariants
{
    /// <summary>The definition, as a textbook has it: N×C×H×W, and seven loops.</summary>
    public static void Naive(ConvProblem layer, float[] y)
    {
        var (channels, side, outputs) = (layer.Channels, layer.Side, layer.Outputs);
        var (kernel, padding) = (layer.Kernel, layer.Padding);
        var (x, w) = (layer.X, layer.Weight);
        for (var n = 0; n < layer.Images; n++)
            for (var o = 0; o < outputs; o++)
                for (var row = 0; row < side; row++)
                    for (var column = 0; column < side; column++)
                    {
                        var sum = 0f;
                        for (var c = 0; c < channels; c++)
                            for (var kh = 0; kh < kernel; kh++)
                                for (var kw = 0; kw < kernel; kw++)
                                {
                                    var (h, v) = (row + kh - padding, column + kw - padding);
                                    if ((uint)h >= (uint)side || (uint)v >= (uint)side) continue;
                                    sum += x[((n * channels + c) * side + h) * side + v]
                                        * w[((o * channels + c) * kernel + kh) * kernel + kw];
                                }

                        y[((n * outputs + o) * side + row) * side + column] = sum;
                    }
    }

    /// <summary>
    /// Channels last: the innermost loop walks along contiguous weights and sums, none of which waits for another.
    /// </summary>
    public static void ChannelsLast(ConvProblem layer, float[] y)
    {
        var (channels, side, outputs) = (layer.Channels, layer.Side, layer.Outputs);
        for (var pixel = 0; pixel < layer.Images * side * side; pixel++)
        {
            var sums = y.AsSpan(pixel * outputs, outputs);
            sums.Clear();
            foreach (var (input, tap) in new ValidTaps(layer, pixel))
                for (var c = 0; c < channels; c++)
                {
                    var value = layer.XChannelsLast[input * channels + c];
                    var weights = layer.WeightOutputsLast.AsSpan((tap * channels + c) * outputs, outputs);
                    for (var o = 0; o < sums.Length; o++) sums[o] += value * weights[o];
                }
        }
    }
}
