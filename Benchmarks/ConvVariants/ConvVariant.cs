namespace PyNetSharp.Benchmarks;

/// <summary>One way to compute the convolution of <see cref="ConvProblem"/>.</summary>
/// <param name="Name">What it does that the one before does not.</param>
/// <param name="Threads">The cores that it may use.</param>
/// <param name="Compute">Computes it.</param>
/// <param name="Result">What it last computed, [images, outputs, side, side].</param>
internal sealed record ConvVariant(string Name, int Threads, Action Compute, Func<float[]> Result)
{
    /// <summary>
    /// From the definition to what the networks use; each removes what limits the one before.
    /// </summary>
    public static IReadOnlyList<ConvVariant> All(ConvProblem problem, int threads) =>
    [
        FromLoops("seven loops over N×C×H×W", problem, ScalarVariants.Naive, channelsLast: false),
        FromLoops("channels last, outputs innermost", problem, ScalarVariants.ChannelsLast),
        FromLoops("vectors of outputs", problem, VectorVariants.VectorsOfOutputs),
        FromLoops("a tile of sums in registers", problem, VectorVariants.RegisterTile),
        FromOp("row pointers, packed weights", problem, 1, direct: true),
        FromOp("Winograd: a sixth of the products", problem, 1, direct: false),
        FromOp("all cores", problem, threads, direct: false),
    ];

    /// <summary>‖a − b‖ / ‖b‖.</summary>
    public static double RelativeError(float[] a, float[] b)
    {
        var (difference, norm) = (0.0, 0.0);
        for (var i = 0; i < b.Length; i++)
        {
            difference += Math.Pow((double)a[i] - b[i], 2);
            norm += Math.Pow(b[i], 2);
        }

        return Math.Sqrt(difference / norm);
    }

    private static ConvVariant FromLoops(
        string name, ConvProblem problem, Action<ConvProblem, float[]> loops, bool channelsLast = true)
    {
        var y = new float[problem.YShape.Size];
        return new(name, 1, () => loops(problem, y), () => channelsLast ? problem.ToChannelsFirst(y) : y);
    }

    private static ConvVariant FromOp(string name, ConvProblem problem, int threads, bool direct)
    {
        var device = new CpuDevice(threads);
        var (x, weight, y) = (problem.XTensor.To(device), problem.WeightTensor.To(device), (Tensor?)null);
        return new(name, threads, Compute, () => y!.ToArray());

        void Compute()
        {
            y?.Release();
            var op = new Conv2dOp((1, 1), (problem.Padding, problem.Padding), relu: false) { DirectOnly = direct };
            y = op.Apply(x, weight);
        }
    }
}
