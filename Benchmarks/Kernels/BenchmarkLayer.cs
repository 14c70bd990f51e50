using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Benchmarks;

/// <summary>A layer of a network as it is met there, found by sending an item through the network.</summary>
/// <param name="Network">Whose.</param>
/// <param name="Input">With the batch.</param>
/// <param name="Output">With the batch.</param>
/// <param name="MultiplyAdds">Of a forward pass of the whole batch.</param>
internal sealed record BenchmarkLayer(NetworkDefinition Network, Module Module, Shape Input, Shape Output, long MultiplyAdds)
{
    /// <summary>Every layer of these networks that computes something, in the order of the networks.</summary>
    public static IEnumerable<BenchmarkLayer> Of(IEnumerable<Workload> workloads)
    {
        foreach (var (network, batch, _) in workloads)
        {
            var input = network.Input;
            var model = network.Create(new(input, Classes: 10), new Rng(1));
            var leaves = ModelSummary.Of(model, input).Where(layer => layer.IsLeaf);
            foreach (var (_, _, module, one, _, multiplyAdds) in leaves)
            {
                Shape output = [.. one.Skip(1)];
                if (module is Conv2d or Linear or MaxPool2d or AvgPool2d or AdaptiveAvgPool2d or Dropout or Dropout2d)
                    yield return new(network, module, [batch, .. input], [batch, .. output], batch * multiplyAdds);
                input = output;
            }
        }
    }

    /// <summary>What makes two layers the same work.</summary>
    public string Title => Module switch
    {
        Conv2d conv =>
            $"Conv2d {conv.KernelSize.H}×{conv.KernelSize.W} {Input[1]}→{Output[1]}, {Input[2]}×{Input[3]}" +
            (conv.Stride == 1 ? "" : $", stride {conv.Stride}") +
            (conv.Padding == conv.KernelSize.H / 2 ? "" : $", padding {conv.Padding}") + $", batch {Input[0]}",
        Linear => $"Linear {Input[1]}→{Output[1]}, batch {Input[0]}",
        _ => $"{Module.GetType().Name} {FormatShape(Input)}" + (Input == Output ? "" : $"→{FormatShape(Output)}"),
    };

    /// <summary>
    /// Each of its passes as a kernel: three for layers with parameters, two for others; convolutions that may go
    /// through the Winograd domain also by the direct kernels.
    /// </summary>
    public IEnumerable<KernelCase> Passes(string networks)
    {
        var parameters = Module.Parameters().Sum(parameter => (long)parameter.Shape.Size);
        var bytes = sizeof(float) * (Input.Size + Output.Size + parameters);
        foreach (var direct in HasWinograd ? [false, true] : (bool[])[false])
        {
            yield return Pass("forward", device => Forward(device, direct));
            yield return Pass(parameters == 0 ? "backward" : "by input", device => Backward(device, direct, true));
            if (parameters > 0) yield return Pass("by weight", device => Backward(device, direct, false));

            KernelCase Pass(string pass, Func<Device, Action> prepare) =>
                new(networks, $"{Title}: {pass}{(direct ? ", direct" : "")}", 2 * MultiplyAdds, bytes, prepare) { IsCpuOnly = direct };
        }
    }

    /// <summary>Whether Winograd's way may pay for this layer: a first layer has too few channels for it.</summary>
    private bool HasWinograd => Module is Conv2d { KernelSize.H: 3 or 5, Stride.H: 1 } && Input[1] >= 16;

    private Tensor Apply(Tensor x, bool direct) => direct && Module is Conv2d conv
        ? new Conv2dOp(conv.Stride, conv.Padding, relu: false) { ForceDirect = true }.Apply(x, conv.Weight, conv.Bias!)
        : Module.Forward(x);

    private static string FormatShape(Shape shape) => string.Join('×', shape);

    private Action Forward(Device device, bool direct)
    {
        Module.To(device);
        var x = Tensor.Uniform(Input, 0, 1, new Rng(1), device);
        return () =>
        {
            using (GradMode.NoGrad()) Apply(x, direct).Release();
        };
    }

    /// <summary>The gradient by the input alone, or by the parameters alone: an op computes no other.</summary>
    private Action Backward(Device device, bool direct, bool byInput)
    {
        Module.To(device);
        foreach (var parameter in Module.Parameters()) parameter.RequiresGrad = !byInput;
        var rng = new Rng(1);
        var x = Tensor.Uniform(Input, 0, 1, rng, device);
        var dy = Tensor.Uniform(Output, -1, 1, rng, device).Keep();
        x.RequiresGrad = byInput;
        var op = Apply(x, direct).GradFn!;
        return () =>
        {
            using (GradMode.NoGrad())
                foreach (var gradient in op.Backward(dy))
                    if (gradient != dy) gradient?.Release();
        };
    }
}
