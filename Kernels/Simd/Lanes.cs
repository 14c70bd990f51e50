using System.Runtime.CompilerServices;

namespace PyNetSharp.Kernels.Simd;

/// <summary>Functions that a vector computes lane by lane, always or for some arguments.</summary>
internal static unsafe class Lanes
{
    public static V Sin<V>(V x) where V : struct, IVector<V> => IsLarge(x) ? SinOfEach(x) : Trigonometry.Sin(x);

    public static V Cos<V>(V x) where V : struct, IVector<V> => IsLarge(x) ? CosOfEach(x) : Trigonometry.Cos(x);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static V Pow<V>(V x, V y) where V : struct, IVector<V>
    {
        float* bases = stackalloc float[V.Width], exponents = stackalloc float[V.Width];
        x.Store(bases);
        y.Store(exponents);
        for (var i = 0; i < V.Width; i++) bases[i] = F32.Pow(new(bases[i]), new(exponents[i])).V;
        return V.Load(bases);
    }

    private static bool IsLarge<V>(V x) where V : struct, IVector<V> =>
        V.AnyPositive(V.Max(-x, x) - V.Create(Trigonometry.MaxReducible));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static V SinOfEach<V>(V x) where V : struct, IVector<V>
    {
        var lanes = stackalloc float[V.Width];
        x.Store(lanes);
        for (var i = 0; i < V.Width; i++) lanes[i] = F32.Sin(new(lanes[i])).V;
        return V.Load(lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static V CosOfEach<V>(V x) where V : struct, IVector<V>
    {
        var lanes = stackalloc float[V.Width];
        x.Store(lanes);
        for (var i = 0; i < V.Width; i++) lanes[i] = F32.Cos(new(lanes[i])).V;
        return V.Load(lanes);
    }
}
