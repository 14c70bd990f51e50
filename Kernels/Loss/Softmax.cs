using System.Numerics.Tensors;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Scores to probabilities.</summary>
public static class SoftmaxExtensions
{
    extension(Tensor x)
    {
        /// <summary>exp(xⱼ) / Σₖ exp(xₖ) over the classes: probabilities.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, [batch, classes] or [n, classes, h, w], that sums to 1 over axis 1.</returns>
        /// <exception cref="ShapeException">The rank is neither 2 nor 4.</exception>
        /// <remarks>Each maximum is subtracted before exponentiating, so no finite score overflows. NaN makes its whole row NaN.</remarks>
        public Tensor Softmax() => new SoftmaxOp().Apply(x);
    }
}

internal sealed partial class SoftmaxOp : Op
{
    private Tensor y = null!;

    internal override string Name => "Softmax";

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => LogitRows.Infer(Name, x[0].Shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var from = x[0];
        this.y = Save(y);
        if (y.IsOnCpu) LogitRows.ForEach(y, (_, start, n) => ForwardRow(from.Span.Slice(start, n), y.Span.Slice(start, n)));
        else ForwardOnGpu(from, y);
    }

    /// <summary>y = softmax(x).</summary>
    /// <returns>log Σₖ exp(xₖ − max x).</returns>
    public static double ForwardRow(ReadOnlySpan<float> x, Span<float> y)
    {
        TensorPrimitives.Subtract(x, TensorPrimitives.Max(x), y);
        TensorPrimitives.Exp(y, y);
        var sum = Reduction.SumBlocks(y);
        TensorPrimitives.Divide(y, (float)sum, y);
        return Math.Log(sum);
    }

    /// <summary>dx = y·(dy − ⟨dy, y⟩).</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.HasSingleReference ? dy : new Tensor(dy.Shape, dy.Device);
        if (!dx.IsOnCpu)
        {
            BackwardOnGpu(y, dy, dx);
            return [dx];
        }

        LogitRows.ForEach(dx, (_, start, n) =>
        {
            ReadOnlySpan<float> probabilities = y.Span.Slice(start, n), from = dy.Span.Slice(start, n);
            var to = dx.Span.Slice(start, n);
            TensorPrimitives.Subtract(from, (float)Reduction.DotBlocks(from, probabilities), to);
            TensorPrimitives.Multiply(to, probabilities, to);
        });
        return [dx];
    }
}
