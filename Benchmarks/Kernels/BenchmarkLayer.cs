using PyNetSharp.Layers;
using PyNetSharp.Models;

namespace PyNetSharp.Benchmarks;

/// <summary>A layer of a network with its shapes there, found by sending an item through the network.</summary>
/// <param name="Network">The network that has it.</param>
/// <param name="Module">The layer.</param>
/// <param name="Input">The input's shape, batch included.</param>
/// <param name="Output">The output's shape, batch included.</param>
/// <param name="MultiplyAdds">Of a forward pass of the whole batch.</param>
internal sealed record BenchmarkLayer(
    NetworkDefinition Network, Module Module, Shape Input, Shape Output, long MultiplyAdds)
{
    /// <summary>Every layer of these networks that is worth timing, in the order of the networks.</summary>
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

    /// <summary>Kind, shapes and options: two layers of the same title are the same work.</summary>
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
    /// Each of its passes as a kernel: three for layers with parameters, two for others; convolutions that may use
    /// Winograd's algorithm also by the direct kernels.
    /// </summary>
    public IEnumerable<KernelCase> Passes(string networks)
    {
        var parameters = Module.Parameters().Sum(parameter => (long)parameter.Shape.Size);
        var bytes = sizeof(float) * (Input.Size + Output.Size + parameters);
        foreach (var direct in HasWinograd ? [false, true] : (bool[])[false])
        {
            var product = ForwardProduct;
            yield return Pass("forward", product, device => Forward(device, direct));
            yield return Pass(
                parameters == 0 ? "backward" : "input gradient", product?.InputGradient,
                device => Backward(device, direct, ofInput: true));
            if (parameters > 0)
                yield return Pass(
                    "weight gradient", product?.WeightGradient, device => Backward(device, direct, ofInput: false));

            KernelCase Pass(string pass, MatrixProduct? product, Func<Device, Action> prepare) =>
                new(networks, $"{Title}: {pass}{(direct ? ", direct" : "")}", 2 * MultiplyAdds, bytes, prepare)
                {
                    IsCpuOnly = direct,
                    Product = product,
                };
        }
    }

    /// <summary>
    /// y = x·Wᵀ with x of [N·H·W, C] and W of [K, C], for linear layers and for convolutions that are nothing else: 1×1
    /// ones with stride 1 and no padding. Null for other layers.
    /// </summary>
    internal MatrixProduct? ForwardProduct => Module switch
    {
        Linear => new(Input[0], Output[1], Input[1], TransposeB: true),
        Conv2d { KernelSize: (1, 1), Stride: (1, 1), Padding: (0, 0) } =>
            new(Input[0] * Input[2] * Input[3], Output[1], Input[1], TransposeB: true),
        _ => null,
    };

    /// <summary>Whether Winograd's algorithm may be used: a first layer has too few channels for it.</summary>
    private bool HasWinograd => Module is Conv2d { KernelSize.H: 3 or 5, Stride.H: 1 } && Input[1] >= 16;

    private Tensor Apply(Tensor x, bool direct) => direct && Module is Conv2d conv
        ? new Conv2dOp(conv.Stride, conv.Padding, relu: false) { DirectOnly = true }.Apply(x, conv.Weight, conv.Bias!)
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

    /// <summary>Only the gradient of the input, or only those of the parameters.</summary>
    private Action Backward(Device device, bool direct, bool ofInput)
    {
        Module.To(device);
        foreach (var parameter in Module.Parameters()) parameter.RequiresGrad = !ofInput;
        var rng = new Rng(1);
        var x = Tensor.Uniform(Input, 0, 1, rng, device);
        var dy = Tensor.Uniform(Output, -1, 1, rng, device).Keep();
        x.RequiresGrad = ofInput;
        var op = Apply(x, direct).GradFn!;
        return () =>
        {
            using (GradMode.NoGrad())
                foreach (var gradient in op.Backward(dy))
                    if (gradient != dy) gradient?.Release();
        };
    }
}
