using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The matrix products of MatMul and Linear on one kind of device.</summary>
internal interface IMatrixProducts
{
    /// <summary>y = op(a)·op(b), where op is the transpose or nothing.</summary>
    /// <param name="a">[M, K], or [K, M] with <paramref name="transposeA"/>.</param>
    /// <param name="b">[K, N], or [N, K] with <paramref name="transposeB"/>.</param>
    /// <param name="y">[M, N]</param>
    void Multiply(Tensor a, bool transposeA, Tensor b, bool transposeB, Tensor y);

    /// <summary>One product per item of a batch.</summary>
    /// <param name="y">[batch, M, N]</param>
    void MultiplyBatch(BatchedMatrix a, BatchedMatrix b, Tensor y);

    /// <summary>y = x·Wᵀ + bias, then max(·, 0) with <paramref name="relu"/>.</summary>
    /// <param name="x">[n, inputs]</param>
    /// <param name="weight">[outputs, inputs]</param>
    /// <param name="bias">[outputs], or null for none.</param>
    /// <param name="y">[n, outputs]</param>
    void Linear(Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y);

    /// <summary>The weight gradient dyᵀ·x and the bias gradient, which is the sums of dy's columns.</summary>
    /// <param name="dy">[n, outputs]</param>
    /// <param name="x">[n, inputs]</param>
    /// <returns>[outputs, inputs] and [outputs]; null for what is not needed.</returns>
    (Tensor? Weight, Tensor? Bias) LinearGradients(Tensor dy, Tensor x, bool needsWeight, bool needsBias);
}

/// <summary>An operand of a batch of products.</summary>
/// <param name="Tensor">[items, rows, columns] as stored.</param>
/// <param name="Items">Which item each product reads; null for its own.</param>
/// <param name="Transposed">Whether the operands are the transposes of the items.</param>
internal readonly record struct BatchedMatrix(Tensor Tensor, int[]? Items, bool Transposed)
{
    /// <summary>Rows of an operand, after the transposition if there is one.</summary>
    public int Rows => Tensor.Shape[Transposed ? 2 : 1];

    /// <summary>Columns of an operand, likewise.</summary>
    public int Columns => Tensor.Shape[Transposed ? 1 : 2];

    /// <summary>Where the operand of a product begins in storage.</summary>
    public int Offset(int product) => (Items?[product] ?? product) * Rows * Columns;
}

internal static class MatrixProducts
{
    private static readonly MatrixProductsCpu Cpu = new();

    /// <summary>The products on the device of a tensor.</summary>
    public static IMatrixProducts For(Tensor y) => y.IsOnCpu ? Cpu : ForGpu();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static MatrixProductsGpu ForGpu() => new();
}

internal sealed unsafe class MatrixProductsCpu : IMatrixProducts
{
    public void Multiply(Tensor a, bool transposeA, Tensor b, bool transposeB, Tensor y) =>
        GemmCpu.Widest.Multiply(
            y.Cpu, Matrix.Of(a, transposeA), Matrix.Of(b, transposeB), y.Pointer, bias: null, relu: false);

    /// <summary>Small products are shared among the threads; large ones are each computed by all threads.</summary>
    public void MultiplyBatch(BatchedMatrix a, BatchedMatrix b, Tensor y)
    {
        const int largeProduct = 1 << 22, grainSize = 1 << 18;     // multiplications
        var work = (long)a.Rows * a.Columns * b.Columns;
        if (work >= largeProduct)
            for (var i = 0; i < y.Shape[0]; i++) Product(i);
        else
            y.Cpu.ForRanges(y.Shape[0], (int)Math.Max(1, grainSize / Math.Max(1, work)), (first, count) =>
            {
                for (var i = first; i < first + count; i++) Product(i);
            });

        void Product(int i) => GemmCpu.Widest.Multiply(
            y.Cpu, Matrix.Of(a, i), Matrix.Of(b, i), y.Pointer + (nint)i * a.Rows * b.Columns, bias: null,
            relu: false);
    }

    public void Linear(Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y) =>
        GemmCpu.Widest.Multiply(
            y.Cpu, Matrix.Of(x, false), Matrix.Of(weight, true), y.Pointer, bias is null ? null : bias.Pointer, relu);

    public (Tensor? Weight, Tensor? Bias) LinearGradients(Tensor dy, Tensor x, bool needsWeight, bool needsBias) =>
        (needsWeight ? dy.MatMul(x, transposeA: true) : null, needsBias ? SumColumns(dy) : null);

    private static Tensor SumColumns(Tensor dy)
    {
        var sums = new Tensor([dy.Shape[1]], dy.Device);
        Reduction.Run(dy, [true, false], sums);
        return sums;
    }
}

internal sealed class MatrixProductsGpu : IMatrixProducts
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Multiply(Tensor a, bool transposeA, Tensor b, bool transposeB, Tensor y)
    {
        var (m, n) = y.Shape;
        Multiply(y.Gpu, a.View, transposeA, b.View, transposeB, y.View, (m, n, a.Shape[transposeA ? 0 : 1]));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void MultiplyBatch(BatchedMatrix a, BatchedMatrix b, Tensor y)
    {
        var (m, n, k) = (a.Rows, b.Columns, a.Columns);
        for (var i = 0; i < y.Shape[0]; i++)
            Multiply(
                y.Gpu, a.Tensor.View.SubView(a.Offset(i), m * k), a.Transposed,
                b.Tensor.View.SubView(b.Offset(i), k * n), b.Transposed, y.View.SubView(i * m * n, m * n), (m, n, k));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Multiply(
        GpuDevice gpu, ArrayView<float> a, bool transposeA, ArrayView<float> b, bool transposeB, ArrayView<float> y,
        (int M, int N, int K) problem)
    {
        var (m, n, k) = problem;
        if (VectorAccess.Fits(transposeA ? m : k, transposeB ? k : n) && n % 4 == 0) Multiply<VectorAccess>();
        else Multiply<ScalarAccess>();

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Multiply<TAccess>() where TAccess : struct, IGlobalAccess
        {
            switch (transposeA, transposeB)
            {
                case (false, false):
                    Run<TAccess, KMajorMatrix<TAccess>, MNMajorMatrix<TAccess>>(new(a, m, k), new(b, n, k));
                    break;
                case (false, true):
                    Run<TAccess, KMajorMatrix<TAccess>, KMajorMatrix<TAccess>>(new(a, m, k), new(b, n, k));
                    break;
                case (true, false):
                    Run<TAccess, MNMajorMatrix<TAccess>, MNMajorMatrix<TAccess>>(new(a, m, k), new(b, n, k));
                    break;
                case (true, true):
                    Run<TAccess, MNMajorMatrix<TAccess>, KMajorMatrix<TAccess>>(new(a, m, k), new(b, n, k));
                    break;
            }
        }

        void Run<TAccess, TA, TB>(TA left, TB right)
            where TAccess : struct, IGlobalAccess
            where TA : struct, IGemmOperand<MatrixCursor>
            where TB : struct, IGemmOperand<MatrixCursor> =>
            GemmGpu.Run<TAccess, TA, MatrixCursor, TB, MatrixCursor>(left, right, problem, gpu, y);
    }

    public void Linear(Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y) =>
        For(x, weight.Shape[0]).Forward(x, weight, bias, relu, y);

    /// <remarks>The kernel computes both gradients; the one that is not needed is released.</remarks>
    public (Tensor? Weight, Tensor? Bias) LinearGradients(Tensor dy, Tensor x, bool needsWeight, bool needsBias)
    {
        if (!needsWeight && !needsBias) return (null, null);
        var (inputs, outputs) = (x.Shape[1], dy.Shape[1]);
        Tensor dw = new([outputs, inputs], dy.Device), db = new([outputs], dy.Device);
        For(x, outputs).WeightGradient(dy, x, dw, db);
        if (!needsWeight) dw.Release();
        if (!needsBias) db.Release();
        return (needsWeight ? dw : null, needsBias ? db : null);
    }

    private static LinearGpu For(Tensor x, int outputs) => new(x.Shape[0], x.Shape[1], outputs);
}
