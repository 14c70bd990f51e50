namespace PyNetSharp.Benchmarks;

/// <summary>
/// The convolution that every variant computes: square images and kernel, stride 1, an output as large as the input.
/// </summary>
internal sealed class ConvProblem
{
    public ConvProblem(int images, int channels, int side, int outputs, int kernel)
    {
        (Images, Channels, Side, Outputs, Kernel) = (images, channels, side, outputs, kernel);
        var rng = new Rng(1);
        XTensor = Tensor.Uniform([images, channels, side, side], 0, 1, rng);        // not negative, as after a ReLU
        WeightTensor = Tensor.Uniform([outputs, channels, kernel, kernel], -1, 1, rng);
        (X, Weight) = (XTensor.ToArray(), WeightTensor.ToArray());
        (XChannelsLast, WeightOutputsLast) = (XTensor.Span.ToArray(), ToOutputsLast());
    }

    public int Images { get; }

    public int Channels { get; }

    public int Side { get; }

    public int Outputs { get; }

    public int Kernel { get; }

    /// <summary>Zeros on each side.</summary>
    public int Padding => Kernel / 2;

    public Tensor XTensor { get; }

    public Tensor WeightTensor { get; }

    /// <summary>[images, channels, side, side]</summary>
    public float[] X { get; }

    /// <summary>[outputs, channels, kernel, kernel]</summary>
    public float[] Weight { get; }

    /// <summary>[images, side, side, channels]</summary>
    public float[] XChannelsLast { get; }

    /// <summary>[kernel, kernel, channels, outputs]</summary>
    public float[] WeightOutputsLast { get; }

    public Shape YShape => [Images, Outputs, Side, Side];

    /// <summary>Two to a multiply-add, padding included.</summary>
    public long Operations => 2L * YShape.Size * Channels * Kernel * Kernel;

    /// <summary>From [images, side, side, outputs] to [images, outputs, side, side].</summary>
    public float[] ToChannelsFirst(float[] y)
    {
        var logical = new float[y.Length];
        Layout.ToLogical(YShape, y, logical);
        return logical;
    }

    private float[] ToOutputsLast()
    {
        var (taps, last) = (Kernel * Kernel, new float[Weight.Length]);
        for (var o = 0; o < Outputs; o++)
            for (var c = 0; c < Channels; c++)
                for (var tap = 0; tap < taps; tap++)
                    last[(tap * Channels + c) * Outputs + o] = Weight[(o * Channels + c) * taps + tap];
        return last;
    }
}
