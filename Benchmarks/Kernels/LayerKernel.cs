using System.Globalization;

namespace PyNetSharp.Benchmarks;

/// <summary>A layer of a network as it is met there, found by sending an item through the network.</summary>
/// <param name="Network">Whose.</param>
/// <param name="Input">With the batch.</param>
/// <param name="Output">With the batch.</param>
/// <param name="MultiplyAdds">Of a forward pass of the whole batch.</param>
internal sealed record LayerKernel(Network Network, Module Module, Shape Input, Shape Output, long MultiplyAdds)
{
    /// <summary>Every layer of these workloads' networks that computes something, in the order of the networks.</summary>
    public static IEnumerable<LayerKernel> Of(IEnumerable<Workload> workloads)
    {
        foreach (var (network, batch, _) in workloads)
        {
            var input = network.Input;
            foreach (var layer in ShapeTrace.Of(network.Create(new(input, Classes: 10), new Rng(1)), input).Where(layer => layer.IsLeaf))
            {
                Shape output = [.. layer.Output.Skip(1)];
                if (layer.Module is Conv2d or Linear or MaxPool2d or AvgPool2d or AdaptiveAvgPool2d or Dropout or Dropout2d)
                    yield return new(network, layer.Module, [batch, .. input], [batch, .. output], batch * layer.MultiplyAdds);
                input = output;
            }
        }
    }

    /// <summary>What makes two layers the same work.</summary>
    public string Title => Module switch
    {
        Conv2d conv => string.Create(
            CultureInfo.InvariantCulture,
            $"Conv2d {conv.Kernel.H}×{conv.Kernel.W} {Input[1]}→{Output[1]}, {Input[2]}×{Input[3]}{Strided(conv)}, batch {Input[0]}"),
        Linear => $"Linear {Input[1]}→{Output[1]}, batch {Input[0]}",
        _ => $"{Module.GetType().Name} {string.Join('×', Input)}" + (Input == Output ? "" : $"→{Output[2]}×{Output[3]}"),
    };

    /// <summary>Each of its passes as a kernel: three for layers with parameters, two for others.</summary>
    public IEnumerable<Kernel> Passes(string networks)
    {
        var parameters = Module.Parameters().Sum(parameter => (long)parameter.Shape.Size);
        var bytes = sizeof(float) * (Input.Size + Output.Size + parameters);
        yield return new(networks, $"{Title}: forward", 2 * MultiplyAdds, bytes, Forward);
        if (parameters == 0) yield return new(networks, $"{Title}: backward", 0, bytes, device => Backward(device, byInput: true));
        else
        {
            yield return new(networks, $"{Title}: by input", 2 * MultiplyAdds, bytes, device => Backward(device, byInput: true));
            yield return new(networks, $"{Title}: by weight", 2 * MultiplyAdds, bytes, device => Backward(device, byInput: false));
        }
    }

    private static string Strided(Conv2d conv) => conv.Stride == 1 ? "" : $", stride {conv.Stride}";

    private Action Forward(CpuDevice device)
    {
        Module.To(device);
        var x = Tensor.Uniform(Input, 0, 1, new Rng(1), device);
        return () =>
        {
            using (Recording.Pause()) Module.Forward(x).Release();
        };
    }

    /// <summary>The gradient by the input alone, or by the parameters alone: an op computes none that nobody wants.</summary>
    private Action Backward(CpuDevice device, bool byInput)
    {
        Module.To(device);
        foreach (var parameter in Module.Parameters()) parameter.RequiresGrad = !byInput;
        var (x, dy) = (Tensor.Uniform(Input, 0, 1, new Rng(1), device), Tensor.Uniform(Output, -1, 1, new Rng(2), device).Keep());
        x.RequiresGrad = byInput;
        var op = Module.Forward(x).Producer!;
        return () =>
        {
            using (Recording.Pause())
                foreach (var gradient in op.Backward(dy))
                    if (gradient != dy) gradient?.Discard();
        };
    }
}
