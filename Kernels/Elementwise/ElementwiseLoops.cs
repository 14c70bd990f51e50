using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>Runs a formula along a span.</summary>
internal static unsafe class ElementwiseLoops
{
    /// <summary>y = F(x).</summary>
    public static void Forward<TFormula>(TFormula formula, ReadOnlySpan<float> x, Span<float> y)
        where TFormula : struct, IUnaryFormula
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, y.Length);
        fixed (float* from = x, to = y) VectorDispatch.ForEach(y.Length, new ForwardBody<TFormula>(formula, from, to));
    }

    /// <summary>dx = dy·D(saved); <paramref name="dx"/> may be <paramref name="dy"/>.</summary>
    public static void Backward<TFormula>(
        TFormula formula, ReadOnlySpan<float> saved, ReadOnlySpan<float> dy, Span<float> dx)
        where TFormula : struct, IUnaryFormula
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(saved.Length, dx.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(dy.Length, dx.Length);
        fixed (float* at = saved, from = dy, to = dx)
            VectorDispatch.ForEach(dx.Length, new BackwardBody<TFormula>(formula, at, from, to));
    }

    private readonly struct ForwardBody<TFormula>(TFormula formula, float* x, float* y) : IVectorLoopBody
        where TFormula : struct, IUnaryFormula
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> => formula.F(V.Load(x + i)).Store(y + i);
    }

    private readonly struct BackwardBody<TFormula>(TFormula formula, float* saved, float* dy, float* dx)
        : IVectorLoopBody
        where TFormula : struct, IUnaryFormula
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> =>
            (V.Load(dy + i) * formula.D(V.Load(saved + i))).Store(dx + i);
    }
}
