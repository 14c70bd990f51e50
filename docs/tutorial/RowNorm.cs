using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ILGPU;
using Tensor = PyNetSharp.Tensor;

namespace Tutorial;

// begin
public static class RowNormExtensions
{
    extension(Tensor x)
    {
        /// <summary>The Euclidean norm of each row of a matrix, which torch.linalg.vector_norm(x, dim=1) is.</summary>
        public Tensor RowNorm() => new RowNormOp().Apply(x);
    }
}

internal sealed class RowNormOp : Op
{
    private Tensor x = null!, y = null!;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) =>
        x[0].Rank == 2 ? [x[0].Shape[0]] : throw new ShapeException($"{Name}: {x[0].Shape} is not a matrix.");

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        (this.x, this.y) = (Save(x[0]), Save(y));               // Backward reads both
        if (y.Device is CpuDevice) ForwardOnCpu(x[0], y);
        else ForwardOnGpu(x[0], y);
    }

    protected override Tensor?[] Backward(Tensor dy)
    {
        var dx = NewTensor(x.Shape, x.Device);
        if (dx.Device is CpuDevice) BackwardOnCpu(dy, dx);
        else BackwardOnGpu(dy, dx);
        return [dx];
    }
// end

    // begin
    private void ForwardOnCpu(Tensor x, Tensor y)
    {
        var elements = ReadContents(x);
        var norms = WriteContents(y);
        var columns = x.Shape[1];
        for (var row = 0; row < norms.Length; row++)
            norms[row] = TensorPrimitives.Norm(elements.Slice(row * columns, columns));
    }

    private void BackwardOnCpu(Tensor dy, Tensor dx)
    {
        var elements = ReadContents(x);
        var norms = ReadContents(y);
        var gradient = ReadContents(dy);
        var output = WriteContents(dx);
        var columns = dx.Shape[1];
        for (var row = 0; row < norms.Length; row++)
        {
            var factor = norms[row] > 0 ? gradient[row] / norms[row] : 0;
            var (start, end) = (row * columns, (row + 1) * columns);
            TensorPrimitives.Multiply(elements[start..end], factor, output[start..end]);
        }
    }
    // end

    // begin
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForwardOnGpu(Tensor x, Tensor y) =>
        y.Gpu.LaunchItems(y.Shape.Size, new RowNormKernel(x.View, x.Shape[1], y.View));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BackwardOnGpu(Tensor dy, Tensor dx) =>
        dx.Gpu.LaunchItems(dx.Shape.Size, new RowNormGradientKernel(x.View, y.View, dy.View, dx.Shape[1], dx.View));
}

public readonly struct RowNormKernel(ArrayView<float> x, int columns, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        var sum = 0f;
        for (var j = i * columns; j < (i + 1) * columns; j++) sum += x[j] * x[j];
        y[i] = MathF.Sqrt(sum);
    }
}

public readonly struct RowNormGradientKernel(
    ArrayView<float> x, ArrayView<float> y, ArrayView<float> dy, int columns, ArrayView<float> dx) : IItemKernel
{
    public void Run(int i)
    {
        var row = i / columns;
        dx[i] = y[row] > 0 ? dy[row] / y[row] * x[i] : 0;
    }
}
// end

/// <summary>docs/tutorial.md, "An op of your own".</summary>
public static class OpChapter
{
    public static void Run()
    {
        // begin
        var x = Tensor.Uniform([5, 7], -1, 1, new Rng(seed: 5));
        GradientCheck.Of(x => x[0].RowNorm(), x).ThrowIfFailed();
        GradientCheck.Of(x => x[0].RowNorm(), x.To(DeviceCatalog.Open("emulated"))).ThrowIfFailed();
        // end
    }
}
