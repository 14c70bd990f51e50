namespace PyNetSharp.Benchmarks;

/// <summary>One way to compute the ladder's convolution.</summary>
/// <param name="Name">What is new in it.</param>
/// <param name="Threads">How many cores it may use.</param>
/// <param name="Compute">Computes it.</param>
/// <param name="Result">What it last computed, [images, outputs, side, side].</param>
internal sealed record ConvVariant(string Name, int Threads, Action Compute, Func<float[]> Result)
{
    /// <summary>
    /// From the definition to what the networks use, each for the reason that its predecessor leaves.
    /// </summary>
    public static IReadOnlyList<ConvVariant> All(ConvProblem layer, int threads) =>
    [
        FromLoops("seven loops over N×C×H×W", layer, ScalarVariants.Naive, channelsLast: false),
        FromLoops("channels last, outputs innermost", layer, ScalarVariants.ChannelsLast),
        FromLoops("vectors of outputs", layer, VectorVariants.VectorsOfOutputs),
        FromLoops("a tile of sums in registers", layer, VectorVariants.RegisterTile),
        FromOp("row pointers, packed weights", layer, 1, direct: true),
        FromOp("Winograd: a sixth of the products", layer, 1, direct: false),
        FromOp("all cores", layer, threads, direct: false),
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
        string name, ConvProblem layer, Action<ConvProblem, float[]> loops, bool channelsLast = true)
    {
        var y = new float[layer.YShape.Size];
        return new(name, 1, () => loops(layer, y), () => channelsLast ? layer.ToChannelsFirst(y) : y);
    }

    private static ConvVariant FromOp(string name, ConvProblem layer, int threads, bool direct)
    {
        var device = new CpuDevice(threads);
        var (x, weight, y) = (layer.XTensor.To(device), layer.WeightTensor.To(device), (Tensor?)null);
        return new(name, threads, Compute, () => y!.ToArray());

        void Compute()
        {
            y?.Release();
            var op = new Conv2dOp((1, 1), (layer.Padding, layer.Padding), relu: false) { ForceDirect = direct };
            y = op.Apply(x, weight);
        }
    }
}
