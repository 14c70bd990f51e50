using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp;

/// <summary>The losses of all elements against a target of the same shape, and their mean or sum.</summary>
/// <remarks>
/// The elements' losses of a mean or sum are not stored: a block's are added in single precision in chunks that stay in
/// the L1 cache, and the chunks in double.
/// </remarks>
internal sealed unsafe class ElementwiseLossOp<TFormula>(TFormula formula, LossReduction reduction) : Op
    where TFormula : unmanaged, ILossFormula
{
    private const int BlockLength = 1 << 14;        // floats that one CPU thread takes at a time
    private const int ChunkLength = 1 << 8;

    private Tensor x = null!, target = null!;

    /// <inheritdoc/>
    public override string Name => TFormula.Name;

    /// <summary>The number by which the sum is divided.</summary>
    private float Divisor => reduction == LossReduction.Mean ? x.Shape.Size : 1;

    private bool IsReduced => reduction != LossReduction.None;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        LossOptions.Check(Name, reduction);
        if (x[0].Shape != x[1].Shape)
            throw new ShapeException(
                $"{Name}: the input {x[0].Shape} and the target {x[1].Shape} have different shapes.");
        return IsReduced ? [] : x[0].Shape;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        (this.x, target) = (Save(x[0]), Save(x[1]));
        if (!y.IsOnCpu) ElementwiseLossGpu.Forward(this.x, target, formula, IsReduced, Divisor, y);
        else if (IsReduced) y.Span[0] = (float)(SumOnCpu() / Divisor);
        else ForwardOnCpu(y);
    }

    protected internal override Tensor?[] Backward(Tensor dy) =>
    [
        Needed(0) ? Gradient(dy, isInput: true) : null,
        Needed(1) ? Gradient(dy, isInput: false) : null,
    ];

    private Tensor Gradient(Tensor dy, bool isInput)
    {
        var dx = new Tensor(x.Shape, x.Device);
        if (dx.IsOnCpu) BackwardOnCpu(dy, isInput, dx);
        else ElementwiseLossGpu.Backward(x, target, formula, isInput, dy, IsReduced, Divisor, dx);
        return dx;
    }

    private double SumOnCpu()
    {
        var n = x.Shape.Size;
        var partial = new double[(n + BlockLength - 1) / BlockLength];
        x.Cpu.For(partial.Length, block =>
        {
            var chunk = stackalloc float[ChunkLength];
            var (start, end, sum) = (block * BlockLength, Math.Min(n, (block + 1) * BlockLength), 0.0);
            for (; start < end; start += ChunkLength)
            {
                var length = Math.Min(ChunkLength, end - start);
                VectorDispatch.ForEach(
                    length, new ForwardBody(x.Pointer + start, target.Pointer + start, formula, chunk));
                sum += TensorPrimitives.Sum(new ReadOnlySpan<float>(chunk, length));
            }

            partial[block] = sum;
        });
        return partial.Sum();
    }

    private void ForwardOnCpu(Tensor y) => y.Cpu.ForRanges(y.Shape.Size, BlockLength, (start, n) =>
        VectorDispatch.ForEach(
            n, new ForwardBody(x.Pointer + start, target.Pointer + start, formula, y.Pointer + start)));

    private void BackwardOnCpu(Tensor dy, bool isInput, Tensor dx)
    {
        var scale = IsReduced ? dy.Span[0] / Divisor : 1;
        dx.Cpu.ForRanges(dx.Shape.Size, BlockLength, (start, n) =>
        {
            float* from = x.Pointer + start, at = target.Pointer + start, to = dx.Pointer + start;
            var gradient = IsReduced ? null : dy.Pointer + start;
            if (isInput) VectorDispatch.ForEach(n, new InputGradientBody(from, at, formula, gradient, scale, to));
            else VectorDispatch.ForEach(n, new TargetGradientBody(from, at, formula, gradient, scale, to));
        });
    }

    private readonly struct ForwardBody(float* x, float* t, TFormula formula, float* y) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> =>
            formula.F(V.Load(x + i), V.Load(t + i)).Store(y + i);
    }

    private readonly struct InputGradientBody(
        float* x, float* t, TFormula formula, float* dy, float scale, float* dx) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            var factor = dy == null ? V.Create(scale) : V.Load(dy + i);
            (factor * formula.DInput(V.Load(x + i), V.Load(t + i))).Store(dx + i);
        }
    }

    private readonly struct TargetGradientBody(
        float* x, float* t, TFormula formula, float* dy, float scale, float* dx) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            var factor = dy == null ? V.Create(scale) : V.Load(dy + i);
            (factor * formula.DTarget(V.Load(x + i), V.Load(t + i))).Store(dx + i);
        }
    }
}
