using System.Numerics.Tensors;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Scores to logarithms of probabilities.</summary>
public static class LogSoftmaxExtensions
{
    extension(Tensor x)
    {
        /// <summary>xⱼ − log Σₖ exp(xₖ) over the classes: the logarithms of the softmax, in nats.</summary>
        /// <returns>A tensor shaped like <paramref name="x"/>, [batch, classes] or [n, classes, h, w]; nowhere above 0.</returns>
        /// <exception cref="ShapeException">The rank is neither 2 nor 4.</exception>
        /// <remarks>Exact where the softmax itself would round to 0. NaN makes its whole row NaN.</remarks>
        public Tensor LogSoftmax() => new LogSoftmaxOp().Apply(x);
    }
}

internal sealed partial class LogSoftmaxOp : Op
{
    private Tensor y = null!;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => LogitRows.Infer(Name, x[0].Shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var from = x[0];
        this.y = Save(y);
        if (!y.IsOnCpu)
        {
            ForwardOnGpu(from, y);
            return;
        }

        LogitRows.ForEach(y, (_, start, n) =>
        {
            ReadOnlySpan<float> row = from.Span.Slice(start, n);
            var to = y.Span.Slice(start, n);
            var log = (float)SoftmaxOp.ForwardRow(row, to);      // y is only scratch here
            TensorPrimitives.Subtract(row, TensorPrimitives.Max(row), to);
            TensorPrimitives.Subtract(to, log, to);
        });
    }

    /// <summary>dx = dy − eʸ·Σ dy.</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(dy.Shape, dy.Device);
        if (!dx.IsOnCpu)
        {
            BackwardOnGpu(y, dy, dx);
            return [dx];
        }

        LogitRows.ForEach(dx, (_, start, n) =>
        {
            ReadOnlySpan<float> from = dy.Span.Slice(start, n);
            var to = dx.Span.Slice(start, n);
            TensorPrimitives.Exp(y.Span.Slice(start, n), to);
            TensorPrimitives.Multiply(to, -(float)Reduction.SumBlocks(from), to);
            TensorPrimitives.Add(to, from, to);
        });
        return [dx];
    }
}
