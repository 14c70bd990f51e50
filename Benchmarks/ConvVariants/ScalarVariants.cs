namespace PyNetSharp.Benchmarks;

/// <summary>One float at a time.</summary>
internal static class ScalarVariants
{
    /// <summary>The definition, as a textbook has it: N×C×H×W, and seven loops.</summary>
    public static void Naive(ConvProblem problem, float[] y)
    {
        var (channels, side, outputs) = (problem.Channels, problem.Side, problem.Outputs);
        var (kernel, padding) = (problem.Kernel, problem.Padding);
        var (x, w) = (problem.X, problem.Weight);
        for (var n = 0; n < problem.Images; n++)
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
    /// Channels last: the innermost loop reads contiguous weights and updates contiguous sums, which are independent.
    /// </summary>
    public static void ChannelsLast(ConvProblem problem, float[] y)
    {
        var (channels, side, outputs) = (problem.Channels, problem.Side, problem.Outputs);
        for (var pixel = 0; pixel < problem.Images * side * side; pixel++)
        {
            var sums = y.AsSpan(pixel * outputs, outputs);
            sums.Clear();
            foreach (var (input, tap) in new ValidTaps(problem, pixel))
                for (var c = 0; c < channels; c++)
                {
                    var value = problem.XChannelsLast[input * channels + c];
                    var weights = problem.WeightOutputsLast.AsSpan((tap * channels + c) * outputs, outputs);
                    for (var o = 0; o < sums.Length; o++) sums[o] += value * weights[o];
                }
        }
    }
}
