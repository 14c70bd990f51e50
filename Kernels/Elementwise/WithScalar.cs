using System.Runtime.CompilerServices;

namespace PyNetSharp.Kernels;

/// <summary>A formula of two numbers whose second is fixed: of a tensor and a number.</summary>
internal readonly struct WithScalar<TFormula>(float b) : IUnaryFormula where TFormula : struct, IBinaryFormula
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T F<T>(T x) where T : struct, IReal<T> => default(TFormula).F(x, T.Create(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T D<T>(T x) where T : struct, IReal<T> => default(TFormula).DA(x, T.Create(b));

    public OnnxValue? ToOnnx(OnnxGraph graph, OnnxValue x) => default(TFormula).ToOnnx(graph, x, OnnxValue.Constant(b));
}
