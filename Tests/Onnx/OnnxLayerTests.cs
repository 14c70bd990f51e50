using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Every layer that has a counterpart, and every function, in ONNX Runtime.</summary>
public sealed class OnnxLayerTests
{
    private static readonly Rng Rng = new(1);

    private static readonly (string Name, Func<Module> Layer, Shape Item)[] LayerRows =
    [
        ("Conv2d", () => new Conv2d(3, 5, 3, Rng), [3, 8, 7]),
        ("Conv2d, all options",
            () => new Conv2d(4, 6, (3, 2), Rng, (2, 1), (1, 2), dilation: (2, 3), groups: 2), [4, 9, 11]),
        ("Conv2d, depthwise without bias",
            () => new Conv2d(4, 8, 3, Rng, padding: 1, bias: false, groups: 4), [4, 6, 6]),
        ("Conv2d, ReLU", () => new Sequential(new Conv2d(3, 5, 3, Rng), new ReLU()), [3, 6, 6]),
        ("Linear", () => new Linear(5, 7, Rng), [5]),
        ("Linear without bias", () => new Linear(5, 7, Rng, bias: false), [5]),
        ("Linear of rows", () => new Linear(5, 7, Rng), [2, 3, 5]),
        ("Linear, ReLU", () => new Sequential(new Linear(5, 7, Rng), new ReLU()), [3, 5]),
        ("MaxPool2d", () => new MaxPool2d(2), [3, 8, 7]),
        ("MaxPool2d, padding", () => new MaxPool2d((3, 2), (2, 1), (1, 1)), [3, 8, 7]),
        ("MaxPool2d, ceil", () => new MaxPool2d(3, 2, ceilMode: true), [3, 8, 9]),
        ("MaxPool2d, ceil and padding", () => new MaxPool2d(3, 2, 1, ceilMode: true), [2, 8, 9]),
        ("MaxPool2d, ceil without a last window", () => new MaxPool2d(2, 3, 1, ceilMode: true), [2, 5, 7]),
        ("MaxPool2d, dilation", () => new MaxPool2d(3, 2, 1, dilation: (2, 3), ceilMode: true), [2, 11, 12]),
        ("AvgPool2d", () => new AvgPool2d(2), [3, 8, 7]),
        ("AvgPool2d, padding", () => new AvgPool2d(3, 2, 1), [3, 8, 9]),
        ("AvgPool2d, not counted", () => new AvgPool2d(3, 2, 1, countIncludePad: false), [3, 8, 9]),
        ("AvgPool2d, ceil", () => new AvgPool2d(3, 2, ceilMode: true), [3, 8, 9]),
        ("AvgPool2d, ceil and padding", () => new AvgPool2d((3, 4), 2, (1, 2), ceilMode: true), [3, 8, 9]),
        ("AvgPool2d, ceil, not counted",
            () => new AvgPool2d(3, 2, 1, ceilMode: true, countIncludePad: false), [3, 8, 9]),
        ("AdaptiveAvgPool2d, same", () => new AdaptiveAvgPool2d((4, 5)), [3, 4, 5]),
        ("AdaptiveAvgPool2d, 1", () => new AdaptiveAvgPool2d(1), [3, 4, 5]),
        ("AdaptiveAvgPool2d, divisor", () => new AdaptiveAvgPool2d((2, 5)), [3, 4, 5]),
        ("AdaptiveAvgPool2d, matrices", () => new AdaptiveAvgPool2d((3, 4)), [3, 7, 6]),
        ("AdaptiveAvgPool2d, larger", () => new AdaptiveAvgPool2d(6), [3, 4, 5]),
        ("GlobalAvgPool2d", () => new GlobalAvgPool2d(), [3, 4, 5]),
        ("Flatten", () => new Flatten(), [3, 4, 5]), ("Identity", () => new Identity(), [3]),
        ("Upsample", () => new Upsample(scaleFactor: 2), [2, 3, 4]),
        ("Upsample, by size", () => new Upsample((7, 5)), [2, 3, 4]),
        ("Upsample, smaller", () => new Upsample((2, 3)), [2, 5, 4]),
        ("Upsample, bilinear", () => new Upsample((7, 9), mode: UpsampleMode.Bilinear), [2, 3, 4]),
        ("Upsample, bilinear factor",
            () => new Upsample(scaleFactor: (1.7, 0.6), mode: UpsampleMode.Bilinear), [2, 5, 7]),
        ("Upsample, corners",
            () => new Upsample((7, 9), mode: UpsampleMode.Bilinear, alignCorners: true), [2, 3, 4]),
        ("BatchNorm1d", () => WithStatistics(new BatchNorm1d(6)), [6]),
        ("BatchNorm2d", () => WithStatistics(new BatchNorm2d(6, eps: 1e-3f)), [6, 3, 4]),
        ("LayerNorm", () => Drawn(new LayerNorm(5)), [3, 5]),
        ("LayerNorm of items", () => Drawn(new LayerNorm([3, 5])), [3, 5]),
        ("LayerNorm of images", () => Drawn(new LayerNorm([2, 3, 4])), [2, 3, 4]),
        ("LayerNorm of rows of images", () => Drawn(new LayerNorm(4)), [2, 3, 4]),
        ("LayerNorm of planes", () => Drawn(new LayerNorm([3, 4])), [2, 3, 4]),
        ("LayerNorm without affine", () => new LayerNorm([3, 5], elementwiseAffine: false), [3, 5]),
        ("GroupNorm", () => Drawn(new GroupNorm(2, 6)), [6, 3, 4]),
        ("GroupNorm of rank 3", () => Drawn(new GroupNorm(3, 6)), [6, 5]),
        ("GroupNorm without affine", () => new GroupNorm(2, 6, affine: false), [6, 3, 4]),
        ("Dropout", () => new Sequential(new Dropout(Rng), new Dropout1d(Rng), new Layers.Tanh()), [4, 3]),
        ("Dropout2d", () => new Sequential(new Dropout2d(Rng), new Layers.Tanh()), [4, 3, 3]),
        ("ReLU", () => new ReLU(), [9]), ("LeakyReLU", () => new LeakyReLU(0.2f), [9]),
        ("ELU", () => new ELU(0.7f), [9]),
        ("GELU", () => new GELU(), [9]), ("GELU, tanh", () => new GELU(approximate: true), [9]),
        ("SiLU", () => new SiLU(), [9]),
        ("Hardswish", () => new Layers.Hardswish(), [99]), ("Sigmoid", () => new Layers.Sigmoid(), [9]),
        ("Tanh", () => new Layers.Tanh(), [9]),
        ("Softplus", () => new Layers.Softplus(), [9]), ("Softplus, beta", () => new Layers.Softplus(3), [9]),
        ("Softmax", () => new Softmax(), [9]), ("Softmax of images", () => new Softmax(), [5, 3, 2]),
        ("Residual",
            () => new Residual(new Conv2d(3, 4, 3, Rng, padding: 1), new Conv2d(3, 4, 1, Rng), relu: true), [3, 5, 5]),
        ("Residual without shortcut", () => new Residual(new Linear(4, 4, Rng)), [4]),
    ];

    [TestCaseSource(nameof(LayerRows))]
    public void A_layer_agrees((string Name, Func<Module> Layer, Shape Item) row) =>
        OnnxSession.AssertAgrees(row.Layer(), row.Item);

    [Test]
    public void An_embedding_takes_its_ids_from_the_input()
    {
        OnnxSession.AssertAgrees(new Embedding(11, 4, Rng), [5], ids: 11);
        OnnxSession.AssertAgrees(new Sequential(new Embedding(11, 4, Rng), new Linear(4, 3, Rng)), [2, 3], ids: 11);
    }

    /// <summary>What a row needs besides the input is a constant in the file.</summary>
    private static readonly (string Name, Shape Item, Func<Tensor, Tensor> Function)[] Functions =
    [
        ("Arithmetic", [3, 4], x => 2 * x + 3 - (1 - x) / 4 + 5 / (x + 9) - -x * x + x.Square()),
        ("Broadcasting", [3, 4], x => x * Numbers([4]) + Numbers([3, 1])), ("Division", [4], x => x / Numbers([4])),
        ("Maximum", [4], x => x.Maximum(Numbers([4])).Minimum(Numbers([])) + x.Clamp(-0.5f, 1)),
        ("Pow", [4], x => x.Abs().Pow(1.3f) + x.Abs().Pow(Numbers([4])) + (x + 9).Rsqrt() + (x + 9).Sqrt()),
        ("Functions", [4], x => x.Exp() + x.Sin() + x.Cos() + (x + 9).Log()),
        ("Comparisons", [40], x => (x > 0) + 2 * (x < 1) + 4 * (x >= Numbers([40])) + 8 * (x <= Numbers([40]))),
        ("Equality", [40], x => (x - x).EqualTo(0) + x.NotEqualTo(0)), ("Where", [40], x => (x > 0).Where(x, 3)),
        ("Sum", [3, 4], x => x.Sum(2) + x.Mean([1, 2], keepDims: true).Squeeze(2) + x.Sum([2])),
        ("Max", [3, 4], x => x.Max(2) + x.Min([1], keepDims: true).Sum([1, 2]).Unsqueeze(1)),
        ("Variance", [3, 4], x => x.Variance([2]) + x.Std(2)), ("CumSum", [3, 4], x => x.CumSum(1)),
        ("MatMul", [3, 4], x => x.MatMul(Numbers([4, 5]))),
        ("MatMul of items", [3, 4], x => x.MatMul(x, transposeB: true)),
        ("MatMul of heads", [2, 3, 4], x => x.MatMul(x, transposeA: true)),
        ("MatMul, transposed", [4], x => x.MatMul(Numbers([5, 4]), transposeB: true)),
        ("MatMul, broadcast", [3, 4], x => Numbers([2, 1, 5, 3]).MatMul(x)),
        ("Permute", [3, 4, 5], x => x.Permute(0, 2, 3, 1).Transpose(1, 2)), ("Clone", [3], x => x.Clone()),
        ("Reshape", [3, 4], x => x.Reshape(-1, 4).Reshape(-1, 2, 6)), ("Detach", [3], x => (2 * x).Detach() + 1),
        ("Concat", [3, 4], x => Tensor.Concat([x, x * 2, x], axis: 1)),
        ("Stack", [3], x => Tensor.Stack([x, -x], axis: 1)),
        ("Expand", [1, 4], x => x.Expand(-1, 3, 4)),
        ("Expand to the batch", [3, 4], x => Tensor.Concat([Numbers([1, 1, 4]).Expand(x.Shape[0], 1, 4), x], 1)),
        ("Zeros for the batch", [4], x => Tensor.Concat([x, Tensor.Full([x.Shape[0], 2], 3)], axis: 1)),
        ("Pad", [3, 4], x => x.Pad([(1, 0), (2, 3)], 7)), ("Crop", [3, 4], x => x.Pad([(-1, 0), (2, -1)])),
        ("Triangle", [4, 4], x => x.Tril(1) + x.Triu(-1) * 2), ("Slice", [5, 6], x => x[.., 1..4, ^1]),
        ("Slice with steps", [5, 6], x => x.Slice(1, 1.., 2).Slice(2, .., 3)),
        ("Slice of images", [3, 4, 5], x => x[.., 1..3, 1, 2..] + x[.., ..2, 3, ^3..]),
        ("Slice with a new axis", [5], x => x[.., TensorIndex.NewAxis, 2..]),
        ("Split", [6], x => x.Split(3, 1)[1] * x.Split(3, 1)[0]),
        ("Gather", [4], x => x.Gather(1, x.Slice(1, ..3) > 0)),
        ("IndexSelect", [4, 3], x => x.IndexSelect(1, 3, 0, 0)), ("LogSoftmax", [5], x => x.LogSoftmax()),
        ("LogSoftmax of masks", [5, 2, 3], x => x.LogSoftmax()),
        ("Softmax of the last axis", [5, 3], x => x.Softmax(-1)),
    ];

    [TestCaseSource(nameof(Functions))]
    public void A_function_agrees((string Name, Shape Item, Func<Tensor, Tensor> Function) row) =>
        OnnxSession.AssertAgrees(new Lambda(row.Function), row.Item);

    private static Tensor Numbers(Shape shape) => Tensor.Uniform(shape, 1, 2, new(9));

    private static T Drawn<T>(T module) where T : Module
    {
        foreach (var parameter in module.Parameters())
            parameter.CopyFrom(Tensor.Normal(parameter.Shape, 0.5f, 1, Rng).ToArray());
        return module;
    }

    private static BatchNormLayer WithStatistics(BatchNormLayer module)
    {
        module.RunningMean.CopyFrom(Tensor.Normal(module.RunningMean.Shape, 0, 1, Rng).ToArray());
        module.RunningVar.CopyFrom(Tensor.Uniform(module.RunningVar.Shape, 0.5f, 2, Rng).ToArray());
        return Drawn(module);
    }

    internal sealed class Lambda(Func<Tensor, Tensor> function) : Module
    {
        protected override Tensor Forward(Tensor x) => function(x);
    }
}
