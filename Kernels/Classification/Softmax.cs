using System.Numerics.Tensors;

namespace PyNetSharp;

/// <summary>Scores to probabilities.</summary>
public static class SoftmaxOp
{
    extension(Tensor x)
    {
        /// <summary>exp(xⱼ) / Σₖ exp(xₖ) over the classes: probabilities.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, [batch, classes] or [n, classes, h, w], that sums to 1 over axis 1.</returns>
        /// <exception cref="ShapeException">The rank is neither 2 nor 4.</exception>
        /// <remarks>Each maximum is subtracted before exponentiating, so no finite score overflows. NaN makes its whole row NaN.</remarks>
        public Tensor Softmax() => new RowSoftmax().Apply(x);
    }
}

internal sealed partial class RowSoftmax : Op
{
    private Tensor y = null!;

    internal override string Name => "Softmax";

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => ClassRows.Infer(Name, x[0].Shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var from = x[0];
        this.y = Save(y);
        if (y.IsOnCpu) ClassRows.Each(y, (_, start, n) => Row(from.Span.Slice(start, n), y.Span.Slice(start, n)));
        else ForwardOnGpu(from, y);
    }

    /// <summary>y = softmax(x).</summary>
    /// <returns>log Σₖ exp(xₖ − max x).</returns>
    public static double Row(ReadOnlySpan<float> x, Span<float> y)
    {
        TensorPrimitives.Subtract(x, TensorPrimitives.Max(x), y);
        TensorPrimitives.Exp(y, y);
        var sum = Reduction.SumRun(y);
        TensorPrimitives.Divide(y, (float)sum, y);
        return Math.Log(sum);
    }

    /// <summary>dx = y·(dy − ⟨dy, y⟩).</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.Exclusive ? dy : new Tensor(dy.Shape, dy.Device);
        if (!dx.IsOnCpu)
        {
            BackwardOnGpu(y, dy, dx);
            return [dx];
        }

        ClassRows.Each(dx, (_, start, n) =>
        {
            ReadOnlySpan<float> probabilities = y.Span.Slice(start, n), from = dy.Span.Slice(start, n);
            var to = dx.Span.Slice(start, n);
            TensorPrimitives.Subtract(from, (float)Reduction.DotRuns(from, probabilities), to);
            TensorPrimitives.Multiply(to, probabilities, to);
        });
        return [dx];
    }
}
