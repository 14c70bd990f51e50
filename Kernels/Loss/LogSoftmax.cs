using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp;

/// <summary>Logits to logarithms of probabilities.</summary>
public static class LogSoftmaxExtensions
{
    extension(Tensor x)
    {
        /// <summary>xⱼ − log Σₖ exp(xₖ) over the classes: the logarithms of the softmax, in nats.</summary>
        /// <returns>
        /// A tensor shaped like <paramref name="x"/>, [N, classes] or [N, classes, H, W]; no element is above 0.
        /// </returns>
        /// <exception cref="ShapeException">
        /// The rank is neither 2 nor 4: give the axis, for other ranks and other meanings of rank 4.
        /// </exception>
        /// <remarks>Accurate also where the softmax itself would round to 0. A NaN makes its whole row NaN.</remarks>
        public Tensor LogSoftmax() => new LogSoftmaxOp().Apply(x);

        /// <summary>xⱼ − log Σₖ exp(xₖ) along an axis, of a tensor of any rank, in nats.</summary>
        /// <param name="axis">−1 is the last, along which attention's weights are.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        /// <remarks>An axis that is not the last is moved there and back, which copies twice.</remarks>
        public Tensor LogSoftmax(int axis) => AlongAxis.Apply("LogSoftmax", x, axis, static rows => rows.LogSoftmax());
    }
}

internal sealed class LogSoftmaxOp : Op
{
    private Tensor y = null!;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => LogitRows.Infer(Name, x[0].Shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        this.y = Save(y);
        if (y.IsOnCpu) LogitRows.ForEach(y, new ForwardBody(x[0], y));
        else ForwardOnGpu(x[0], y);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add("LogSoftmax", x, ("axis", 1));

    /// <summary>dx = dy − exp(y)·Σ dy</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(dy.Shape, dy.Device);
        if (dx.IsOnCpu) BackwardOnCpu(dy, dx);
        else BackwardOnGpu(dy, dx);
        return [dx];
    }

    private void BackwardOnCpu(Tensor dy, Tensor dx) => LogitRows.ForEach(dx, (_, start, n) =>
    {
        ReadOnlySpan<float> gradient = dy.Span.Slice(start, n);
        var output = dx.Span.Slice(start, n);
        TensorPrimitives.Exp(y.Span.Slice(start, n), output);
        TensorPrimitives.Multiply(output, -(float)Reduction.SumBlocks(gradient), output);
        TensorPrimitives.Add(output, gradient, output);
    });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.LaunchGroups(new(LogitRows.Count(y), 1, 1), new LogSoftmaxKernel(x.View, y.Shape[1], y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy, Tensor dx) => dx.Gpu.LaunchGroups(
        new(LogitRows.Count(dx), 1, 1), new LogSoftmaxGradientKernel(y.View, dy.View, y.Shape[1], dx.View));

    private readonly struct ForwardBody(Tensor x, Tensor y) : ILogitRow
    {
        public void Run(int i, int start, int n)
        {
            ReadOnlySpan<float> logits = x.Span.Slice(start, n);
            var output = y.Span.Slice(start, n);
            var logSum = (float)SoftmaxOp.ForwardRow(logits, output);       // the softmax in y is overwritten
            TensorPrimitives.Subtract(logits, TensorPrimitives.Max(logits), output);
            TensorPrimitives.Subtract(output, logSum, output);
        }
    }
}

/// <summary>y = x − log Σ exp(x), one group of threads per row.</summary>
internal readonly struct LogSoftmaxKernel(ArrayView<float> x, int classes, ArrayView<float> y) : IGroupKernel
{
    public static int Threads => SoftmaxRow.Threads;

    public void Run()
    {
        var row = new SoftmaxRow(x, classes, SharedMemory.Allocate<float>(SoftmaxRow.Threads));
        var max = row.Max();
        var logSum = Logarithm.Log(row.SumExp(max));
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads) y[i] = x[i] - max - logSum;
    }
}

/// <summary>dx = dy − exp(y)·Σ dy, one group of threads per row.</summary>
internal readonly struct LogSoftmaxGradientKernel(
    ArrayView<float> y, ArrayView<float> dy, int classes, ArrayView<float> dx) : IGroupKernel
{
    public static int Threads => SoftmaxRow.Threads;

    public void Run()
    {
        var shared = SharedMemory.Allocate<float>(SoftmaxRow.Threads);
        var row = new SoftmaxRow(y, classes, shared);
        var total = new CompensatedSum();
        var index = row.ThreadStart;
        while (index < row.End)
        {
            var partial = 0f;
            for (var stop = row.BlockEnd(index); index < stop; index += SoftmaxRow.Threads) partial += dy[index];
            total.Add(partial);
        }

        var sum = GroupReduction.Sum(shared, total.Total);
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads) dx[i] = dy[i] - SoftmaxRow.Exp(y[i]) * sum;
    }
}
