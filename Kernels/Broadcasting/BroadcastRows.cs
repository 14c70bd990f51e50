using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>What a CPU computes along the innermost axis of a broadcast operation.</summary>
internal interface IBroadcastRow
{
    /// <param name="a">The offset of the first operand's first element.</param>
    /// <param name="strideA">0 where the operand repeats.</param>
    /// <param name="b">The offset of the second operand's first element.</param>
    /// <param name="strideB">0 where the operand repeats.</param>
    /// <param name="y">The offset of the result's first element; results are contiguous.</param>
    /// <param name="n">The number of results.</param>
    void Run(long a, int strideA, long b, int strideB, long y, int n);
}

/// <summary>y = F(a, b)</summary>
internal readonly unsafe struct BinaryRow<TFormula>(TFormula formula, float* a, float* b, float* y) : IBroadcastRow
    where TFormula : struct, IBinaryFormula
{
    public void Run(long offsetA, int strideA, long offsetB, int strideB, long offsetY, int n)
    {
        float* from = a + offsetA, other = b + offsetB, to = y + offsetY;
        switch (strideA, strideB)
        {
            case (1, 1):
                VectorDispatch.ForEach(n, new Body<Elements, Elements>(formula, new(from), new(other), to));
                break;
            case (1, 0):
                VectorDispatch.ForEach(n, new Body<Elements, Repeated>(formula, new(from), new(*other), to));
                break;
            case (0, 1):
                VectorDispatch.ForEach(n, new Body<Repeated, Elements>(formula, new(*from), new(other), to));
                break;
            default:
                for (var i = 0; i < n; i++)
                    to[i] = formula.F(new F32(from[(long)i * strideA]), new F32(other[(long)i * strideB])).V;
                break;
        }
    }

    private readonly struct Body<TA, TB>(TFormula formula, TA a, TB b, float* y) : IVectorLoopBody
        where TA : struct, IRowOperand
        where TB : struct, IRowOperand
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> => formula.F(a.Load<V>(i), b.Load<V>(i)).Store(y + i);
    }
}

/// <summary>y = F(d, a, b), where d is contiguous as y is.</summary>
internal readonly unsafe struct TernaryRow<TFormula>(TFormula formula, float* d, float* a, float* b, float* y)
    : IBroadcastRow
    where TFormula : struct, ITernaryFormula
{
    public void Run(long offsetA, int strideA, long offsetB, int strideB, long offsetY, int n)
    {
        float* at = d + offsetY, from = a + offsetA, other = b + offsetB, to = y + offsetY;
        switch (strideA, strideB)
        {
            case (1, 1):
                VectorDispatch.ForEach(n, new Body<Elements, Elements>(formula, at, new(from), new(other), to));
                break;
            case (1, 0):
                VectorDispatch.ForEach(n, new Body<Elements, Repeated>(formula, at, new(from), new(*other), to));
                break;
            case (0, 1):
                VectorDispatch.ForEach(n, new Body<Repeated, Elements>(formula, at, new(*from), new(other), to));
                break;
            default:
                for (var i = 0; i < n; i++)
                    to[i] = formula.F(
                        new F32(at[i]), new F32(from[(long)i * strideA]), new F32(other[(long)i * strideB])).V;
                break;
        }
    }

    private readonly struct Body<TA, TB>(TFormula formula, float* d, TA a, TB b, float* y) : IVectorLoopBody
        where TA : struct, IRowOperand
        where TB : struct, IRowOperand
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> =>
            formula.F(V.Load(d + i), a.Load<V>(i), b.Load<V>(i)).Store(y + i);
    }
}

/// <summary>An operand along the innermost axis.</summary>
internal interface IRowOperand
{
    V Load<V>(int i) where V : struct, IVector<V>;
}

/// <summary>Contiguous elements.</summary>
internal readonly unsafe struct Elements(float* start) : IRowOperand
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load<V>(int i) where V : struct, IVector<V> => V.Load(start + i);
}

/// <summary>One element, repeated.</summary>
internal readonly struct Repeated(float value) : IRowOperand
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load<V>(int i) where V : struct, IVector<V> => V.Create(value);
}
