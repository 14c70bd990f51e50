using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp;

/// <summary>The affine map of a fully connected layer.</summary>
public static class LinearExtensions
{
    extension(Tensor x)
    {
        /// <summary>x·Wᵀ + b.</summary>
        /// <param name="weight">[outputs, inputs]</param>
        /// <param name="bias">[outputs], or null for none.</param>
        /// <param name="relu">Whether to end with max(·, 0), fused: it takes no pass over memory.</param>
        /// <returns>
        /// [n, outputs], where this tensor is [n, inputs]; [n, …, outputs] for [n, …, inputs], each row on its own.
        /// </returns>
        /// <exception cref="ShapeException">The ranks or extents do not fit.</exception>
        public Tensor Linear(Tensor weight, Tensor? bias = null, bool relu = false)
        {
            ArgumentNullException.ThrowIfNull(weight);
            if (x.Rank <= 2 || weight.Rank != 2 || x.Shape[^1] != weight.Shape[1])
                return Apply(x, weight, bias, relu);

            var leading = x.Shape.AsSpan()[..^1];
            var rows = ReshapeOp.Apply(x, [Shape.Create(leading).Size, weight.Shape[1]], "Linear");
            var y = Apply(rows, weight, bias, relu);
            var shaped = ReshapeOp.Apply(y, [.. leading, weight.Shape[0]], "Linear");
            rows.Release();
            y.Release();
            return shaped;
        }
    }

    private static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, bool relu)
    {
        var op = new LinearOp(relu);
        return bias is null ? op.Apply(x, weight) : op.Apply(x, weight, bias);
    }
}

internal sealed class LinearOp(bool relu) : Op
{
    private Tensor x = null!, weight = null!;
    private Tensor? y;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> inputs)
    {
        var (x, weight, bias) = (inputs[0].Shape, inputs[1].Shape, inputs.Length > 2 ? inputs[2].Shape : null);
        var problem =
            weight.Rank != 2 ? "the weight must be [outputs, inputs]"
            : x.Rank < 2 ? "the input must be [n, …, inputs]"
            : x[^1] != weight[1] ? $"the input's last extent is {x[^1]} and the weight takes {weight[1]}"
            : bias is not null && (bias.Rank != 1 || bias[0] != weight[0]) ? $"the bias must be [{weight[0]}]"
            : null;
        return problem is null
            ? [x[0], weight[0]]
            : throw new ShapeException(
                $"Linear: {problem}: input {x}, weight {weight}, bias {bias?.ToString() ?? "none"}.");
    }

    protected override void Forward(ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        (x, weight) = (inputs[0], inputs[1]);
        var bias = inputs.Length > 2 ? inputs[2] : null;
        MatrixProducts.For(y).Linear(x, weight, bias, relu, y);

        if (Needed(0)) Save(weight);
        if (Needed(1) || (Needed(2) && !y.IsOnCpu)) Save(x);
        if (relu) this.y = Save(y);
    }

    internal override FusedOp? FuseWith(
        Op next, ReadOnlySpan<Tensor?> constants, ReadOnlySpan<Tensor?> nextConstants, bool exactly)
    {
        if (relu) return null;
        if (next is ElementwiseOp<Relu>) return new(new LinearOp(relu: true));
        return !exactly && FoldedBatchNorm.Of(next, constants, nextConstants) is { } folded
            ? new(new LinearOp(relu: false), folded)
            : null;
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var y = graph.Add("Gemm", x, ("transB", 1));
        return relu ? graph.Add("Relu", [y]) : y;
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        using var temporary = new TemporaryTensor(relu ? FusedRelu.Backward(dy, y!) : dy, borrowed: dy);
        if (relu) ReleaseSaved(y!);
        var masked = temporary.Tensor;
        var dx = Needed(0) ? masked.MatMul(weight) : null;
        var hasBias = Edges.Length > 2;
        var (dw, db) = MatrixProducts.For(masked).LinearGradients(masked, x, Needed(1), hasBias && Needed(2));
        return hasBias ? [dx, dw, db] : [dx, dw];
    }
}
