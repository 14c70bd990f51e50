namespace PyNetSharp.Benchmarks;

/// <summary>
/// The three passes of a grouped 3×3 convolution with padding 1 and as many outputs as inputs, each alone.
/// </summary>
internal sealed class GroupedPasses
{
    private readonly Tensor x, weight, bias, dy;
    private readonly int groups;

    /// <param name="groups">The channels' number for a depthwise convolution; 1 for a dense one.</param>
    public GroupedPasses(Device device, Shape shape, int groups)
    {
        this.groups = groups;
        var rng = new Rng(1);
        x = Tensor.Uniform(shape, 0, 1, rng, device);
        weight = Tensor.Uniform([shape[1], shape[1] / groups, 3, 3], -1, 1, rng, device);
        bias = Tensor.Uniform([shape[1]], -1, 1, rng, device);
        dy = Tensor.Uniform(shape, -1, 1, rng, device).Keep();
    }

    public Action Forward => () =>
    {
        using (GradMode.NoGrad()) Apply().Release();
    };

    public Action InputGradient => Backward(x);

    public Action WeightGradient => Backward(weight, bias);

    private Tensor Apply() => x.Conv2d(weight, bias, padding: 1, groups: groups);

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
