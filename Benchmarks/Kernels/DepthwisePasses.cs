namespace PyNetSharp.Benchmarks;

/// <summary>The three passes of a depthwise 3×3 convolution with padding 1, each alone.</summary>
internal sealed class DepthwisePasses
{
    private readonly Tensor x, weight, bias, dy;

    public DepthwisePasses(Device device, Shape shape)
    {
        var rng = new Rng(1);
        x = Tensor.Uniform(shape, 0, 1, rng, device);
        weight = Tensor.Uniform([shape[1], 1, 3, 3], -1, 1, rng, device);
        bias = Tensor.Uniform([shape[1]], -1, 1, rng, device);
        dy = Tensor.Uniform(shape, -1, 1, rng, device).Keep();
    }

    public Action Forward => () =>
    {
        using (GradMode.NoGrad()) Apply().Release();
    };

    public Action InputGradient => Backward(x);

    public Action WeightGradient => Backward(weight, bias);

    private Tensor Apply() => x.Conv2d(weight, bias, padding: 1, groups: x.Shape[1]);

    private Action Backward(params Tensor[] leaves)
    {
        foreach (var leaf in leaves) leaf.RequiresGrad = true;
        var op = Apply().GradFn!;
        return () =>
        {
            using (GradMode.NoGrad())
                foreach (var gradient in op.Backward(dy))
                    gradient?.Release();
        };
    }
}
