namespace PyNetSharp.Benchmarks;

/// <summary>One way to compute the ladder's convolution.</summary>
/// <param name="Name">What is new in it.</param>
/// <param name="Threads">How many cores it may use.</param>
/// <param name="Compute">Computes it.</param>
/// <param name="Result">What it last computed, [images, outputs, side, side].</param>
internal sealed record Rung(string Name, int Threads, Action Compute, Func<float[]> Result)
{
    /// <summary>
    /// From the definition to what the networks use, each for the reason that its predecessor leaves.
    /// </summary>
    public static IReadOnlyList<Rung> All(LadderLayer layer, int threads) =>
    [
        Loops("seven loops over N×C×H×W", layer, ScalarRungs.Naive, channelsLast: false),
        Loops("channels last, outputs innermost", layer, ScalarRungs.ChannelsLast),
        Loops("vectors of outputs", layer, VectorRungs.OverOutputs),
        Loops("a tile of sums in registers", layer, VectorRungs.RegisterTile),
        Op("row pointers, packed weights", layer, 1, direct: true),
        Op("Winograd: a sixth of the products", layer, 1, direct: false),
        Op("all cores", layer, threads, direct: false),
    ];

    /// <summary>‖a − b‖ / ‖b‖.</summary>
    public static double Error(float[] a, float[] b)
    {
        var (difference, norm) = (0.0, 0.0);
        for (var i = 0; i < b.Length; i++)
        {
            difference += Math.Pow((double)a[i] - b[i], 2);
            norm += Math.Pow(b[i], 2);
        }

        return Math.Sqrt(difference / norm);
    }

    private static Rung Loops(
        string name, LadderLayer layer, Action<LadderLayer, float[]> loops, bool channelsLast = true)
    {
        var y = new float[layer.YShape.Size];
        return new(name, 1, () => loops(layer, y), () => channelsLast ? layer.ChannelsFirst(y) : y);
    }

    private static Rung Op(string name, LadderLayer layer, int threads, bool direct)
    {
        var device = new CpuDevice(threads);
        var (x, weight, y) = (layer.XTensor.To(device), layer.WeightTensor.To(device), (Tensor?)null);
        return new(name, threads, Compute, () => y!.ToArray());

        void Compute()
        {
            y?.Release();
            var op = new Convolution((1, 1), (layer.Padding, layer.Padding), relu: false) { Direct = direct };
            y = op.Apply(x, weight);
        }
    }
}
