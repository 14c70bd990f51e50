using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Logits to probabilities.</summary>
public static class SoftmaxExtensions
{
    extension(Tensor x)
    {
        /// <summary>exp(xⱼ) / Σₖ exp(xₖ) over the classes: probabilities.</summary>
        /// <returns>
        /// A tensor shaped like <paramref name="x"/>, [N, classes] or [N, classes, H, W]; its sum over axis 1 is 1.
        /// </returns>
        /// <exception cref="ShapeException">
        /// The rank is neither 2 nor 4: give the axis, for other ranks and other meanings of rank 4.
        /// </exception>
        /// <remarks>
        /// Each row's maximum is subtracted before exponentiating, so no finite logit overflows. A NaN makes its whole
        /// row NaN.
        /// </remarks>
        public Tensor Softmax() => new SoftmaxOp().Apply(x);

        /// <summary>exp(xⱼ) / Σₖ exp(xₖ) along an axis, of a tensor of any rank.</summary>
        /// <param name="axis">−1 is the last, along which attention's weights are.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        /// <remarks>An axis that is not the last is moved there and back, which copies twice.</remarks>
        public Tensor Softmax(int axis) => AlongAxis.Apply("Softmax", x, axis, static rows => rows.Softmax());
    }
}

internal sealed class SoftmaxOp : Op
{
    private Tensor y = null!;

    /// <summary>y = softmax(x) of one row.</summary>
    /// <returns>log Σₖ exp(xₖ − max x).</returns>
    public static double ForwardRow(ReadOnlySpan<float> x, Span<float> y)
    {
        TensorPrimitives.Subtract(x, TensorPrimitives.Max(x), y);
        TensorPrimitives.Exp(y, y);
        var sum = Reduction.SumBlocks(y);
        TensorPrimitives.Divide(y, (float)sum, y);
        return Math.Log(sum);
    }

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => LogitRows.Infer(Name, x[0].Shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        var logits = x[0];
        this.y = Save(y);
        if (y.IsOnCpu)
            LogitRows.ForEach(y, new ForwardBody(logits, y));
        else
            ForwardOnGpu(logits, y);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add("Softmax", x, ("axis", 1));

    /// <summary>dx = y·(dy − ⟨dy, y⟩)</summary>
    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.IsExclusive ? dy : new Tensor(dy.Shape, dy.Device);
        if (dx.IsOnCpu) BackwardOnCpu(dy, dx);
        else BackwardOnGpu(dy, dx);
        return [dx];
    }

    private void BackwardOnCpu(Tensor dy, Tensor dx) => LogitRows.ForEach(dx, (_, start, n) =>
    {
        ReadOnlySpan<float> probabilities = y.Span.Slice(start, n), gradient = dy.Span.Slice(start, n);
        var output = dx.Span.Slice(start, n);
        TensorPrimitives.Subtract(gradient, (float)Reduction.DotBlocks(gradient, probabilities), output);
        TensorPrimitives.Multiply(output, probabilities, output);
    });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.LaunchGroups(new(LogitRows.Count(y), 1, 1), new SoftmaxKernel(x.View, y.Shape[1], y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy, Tensor dx) => dx.Gpu.LaunchGroups(
        new(LogitRows.Count(dx), 1, 1), new SoftmaxGradientKernel(y.View, dy.View, y.Shape[1], dx.View));

    private readonly struct ForwardBody(Tensor x, Tensor y) : ILogitRow
    {
        public void Run(int i, int start, int n) => ForwardRow(x.Span.Slice(start, n), y.Span.Slice(start, n));
    }
}

/// <summary>y = softmax(x), one group of threads per row.</summary>
internal readonly struct SoftmaxKernel(ArrayView<float> x, int classes, ArrayView<float> y) : IGroupKernel
{
    public static int Threads => SoftmaxRow.Threads;

    public void Run()
    {
        var row = new SoftmaxRow(x, classes, SharedMemory.Allocate<float>(SoftmaxRow.Threads));
        var max = row.Max();
        var sum = row.SumExp(max);
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads) y[i] = SoftmaxRow.Exp(x[i] - max) / sum;
    }
}

/// <summary>dx = y·(dy − ⟨dy, y⟩), one group of threads per row.</summary>
internal readonly struct SoftmaxGradientKernel(
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
            var sum = 0f;
            for (var stop = row.BlockEnd(index); index < stop; index += SoftmaxRow.Threads) sum += dy[index] * y[index];
            total.Add(sum);
        }

        var product = GroupReduction.Sum(shared, total.Total);
        for (var i = row.ThreadStart; i < row.End; i += SoftmaxRow.Threads) dx[i] = y[i] * (dy[i] - product);
    }
}
