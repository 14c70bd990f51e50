using BenchmarkDotNet.Attributes;

namespace PyNetSharp.Benchmarks;

/// <summary>The convolutions of <c>nin</c>, forward alone and with both gradients.</summary>
[MemoryDiagnoser]
public class ConvolutionBenchmarks
{
    private Tensor x = null!, weight = null!, bias = null!, dy = null!;

    /// <summary>Input channels, output channels, kernel and pixels a side.</summary>
    [ParamsSource(nameof(Layers))]
    public (int In, int Out, int Kernel, int Side) Layer { get; set; }

    /// <summary>The distinct convolutions of the network.</summary>
    public static IEnumerable<(int In, int Out, int Kernel, int Side)> Layers =>
    [
        (3, 192, 5, 32), (192, 160, 1, 32), (160, 96, 1, 32),
        (96, 192, 5, 16), (192, 192, 1, 16), (192, 192, 3, 8), (192, 192, 1, 8), (192, 10, 1, 8),
    ];

    /// <summary>Draws a batch of 32.</summary>
    [GlobalSetup]
    public void Draw()
    {
        var rng = new Rng(1);
        x = Tensor.Uniform([32, Layer.In, Layer.Side, Layer.Side], 0, 1, rng);
        x.RequiresGrad = true;
        weight = new Parameter(Tensor.Uniform([Layer.Out, Layer.In, Layer.Kernel, Layer.Kernel], -1, 1, rng));
        bias = new Parameter(Tensor.Zeros([Layer.Out]));
        dy = Tensor.Uniform([32, Layer.Out, Layer.Side, Layer.Side], -1, 1, rng);
    }

    /// <summary>Forward, not recorded.</summary>
    [Benchmark]
    public void Forward()
    {
        using (Recording.Pause()) x.Conv2d(weight, bias, padding: Layer.Kernel / 2).Release();
    }

    /// <summary>Forward, and the gradients by input, weight and bias.</summary>
    [Benchmark]
    public void ForwardAndBackward() => x.Conv2d(weight, bias, padding: Layer.Kernel / 2).Backward(dy);
}
