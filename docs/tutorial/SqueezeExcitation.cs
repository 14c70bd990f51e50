namespace Tutorial;

// begin
/// <summary>Scales each channel by a number from 0 to 1 that it computes from all channels.</summary>
public sealed class SqueezeExcitation(int channels, int reduction, Rng rng) : Module
{
    private readonly Linear fc1 = new(channels, channels / reduction, rng);
    private readonly Linear fc2 = new(channels / reduction, channels, rng);

    protected override Tensor Forward(Tensor x)
    {
        var squeezed = x.GlobalAvgPool2d();                     // [N, C]
        var scale = fc2.Forward(fc1.Forward(squeezed).Silu()).Sigmoid();
        return x * scale.Reshape(x.Shape[0], x.Shape[1], 1, 1);
    }
}
// end

/// <summary>docs/tutorial.md, "A layer of your own": what it prints is quoted there.</summary>
public static class LayerChapter
{
    public static void Run()
    {
        // begin
        var rng = new Rng(seed: 1);
        var model = new Sequential(
            new Conv2d(3, 16, 3, rng, padding: 1), new ReLU(), new SqueezeExcitation(16, 4, rng),
            new GlobalAvgPool2d(), new Linear(16, 10, rng));

        foreach (var (name, tensor) in model.State()) Console.WriteLine($"{name} {tensor.Shape}");
        // end

        // begin
        var layer = new SqueezeExcitation(channels: 8, reduction: 2, rng);
        var images = Tensor.Uniform([2, 8, 4, 4], -1, 1, rng);
        GradientCheck.Of(layer, images).ThrowIfFailed();
        // end
    }
}
