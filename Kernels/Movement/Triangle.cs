using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The triangles of matrices.</summary>
public static class TriangleExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// The lower triangle of the matrix, or of each matrix of the last two axes, as PyTorch's <c>tril</c>: elements
        /// above the diagonal are 0.
        /// </summary>
        /// <param name="diagonal">
        /// The last diagonal that is kept: 0 is the main one, 1 that above it, −1 that below it.
        /// </param>
        /// <returns>A tensor shaped like <paramref name="x"/>. <c>Tensor.Ones([t, t]).Tril()</c> is a causal mask.
        /// </returns>
        /// <exception cref="ShapeException">The rank is below 2.</exception>
        /// <remarks>What is cut off is 0, whatever it was, NaN too; its gradient is 0.</remarks>
        public Tensor Tril(int diagonal = 0) => new TriangleOp("Tril", isLower: true, diagonal).Apply(x);

        /// <summary>
        /// The upper triangle of the matrix, or of each matrix of the last two axes, as PyTorch's <c>triu</c>: elements
        /// below the diagonal are 0.
        /// </summary>
        /// <param name="diagonal">
        /// The first diagonal that is kept: 0 is the main one, 1 that above it, −1 that below it.
        /// </param>
        /// <returns>A tensor shaped like <paramref name="x"/>.</returns>
        /// <exception cref="ShapeException">The rank is below 2.</exception>
        /// <remarks>As for <see cref="Tril(Tensor, int)"/>.</remarks>
        public Tensor Triu(int diagonal = 0) => new TriangleOp("Triu", isLower: false, diagonal).Apply(x);
    }
}

/// <remarks>Stored are [outer, rows, columns, inner], where inner is the channels of images.</remarks>
internal sealed class TriangleOp(string name, bool isLower, int diagonal) : Op
{
    private const int GrainSize = 1 << 15;          // floats that one CPU thread takes at a time

    private Shape shape = null!;

    public override string Name => name;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        shape = x[0].Shape;
        return shape.Rank >= 2 ? shape : throw new ShapeException($"{Name}: {shape} has no last two axes.");
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Run(x[0], y);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add("Trilu", [x[0], OnnxValue.Index(diagonal)], ("upper", isLower ? 0 : 1));

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(shape, dy.Device);
        Run(dy, dx);
        return [dx];
    }

    private void Run(Tensor x, Tensor y)
    {
        if (shape.Size == 0) return;
        var (rows, columns, inner) = (shape[^2], shape[^1], shape.Rank == 4 ? shape[1] : 1);
        var last = Math.Clamp(diagonal, -rows, columns);            // what is beyond makes no difference
        if (!y.IsOnCpu)
        {
            RunOnGpu(x, rows, columns, inner, last, y);
            return;
        }

        y.Cpu.ForRanges(shape.Size / (columns * inner), Math.Max(1, GrainSize / (columns * inner)), (first, count) =>
        {
            for (var i = first; i < first + count; i++)
            {
                ReadOnlySpan<float> from = x.Span.Slice(i * columns * inner, columns * inner);
                var to = y.Span.Slice(i * columns * inner, columns * inner);
                var diagonalColumn = i % rows + last;
                var (start, end) = isLower
                    ? (0, Math.Clamp(diagonalColumn + 1, 0, columns) * inner)
                    : (Math.Clamp(diagonalColumn, 0, columns) * inner, columns * inner);
                to[..start].Clear();
                from[start..end].CopyTo(to[start..]);
                to[end..].Clear();
            }
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunOnGpu(Tensor x, int rows, int columns, int inner, int diagonal, Tensor y) => y.Gpu.LaunchItems(
        shape.Size, new TriangleKernel(x.View, rows, columns, inner, diagonal, isLower ? 1 : -1, y.View));
}

/// <summary>[outer, rows, columns, inner]: 0 on one side of a diagonal.</summary>
/// <param name="side">1 to keep what is below the diagonal, −1 to keep what is above it.</param>
internal readonly struct TriangleKernel(
    ArrayView<float> x, int rows, int columns, int inner, int diagonal, int side, ArrayView<float> y) : IItemKernel
{
    public void Run(int i)
    {
        int pixel = i / inner, distance = pixel % columns - pixel / columns % rows - diagonal;
        y[i] = distance * side <= 0 ? x[i] : 0f;
    }
}
