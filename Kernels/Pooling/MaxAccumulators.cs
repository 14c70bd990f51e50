using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PyNetSharp.Kernels;

/// <summary>The running maxima of neighboring channels, and the index in the window of each.</summary>
internal unsafe interface IMaxAccumulator<T> where T : struct, IMaxAccumulator<T>
{
    /// <summary>How many channels.</summary>
    static abstract int Width { get; }

    /// <summary>The values of the window's first pixel, index 0.</summary>
    static abstract T Load(float* x);

    /// <summary>The values of another pixel where they are greater or NaN, else the maxima so far.</summary>
    T Update(float* x, uint index);

    void Store(float* y);

    /// <summary>Stores the indices as bytes.</summary>
    void StoreArgmax(byte* indices);
}

internal readonly unsafe struct MaxAccumulator8(Vector256<float> values, Vector256<uint> argmax)
    : IMaxAccumulator<MaxAccumulator8>
{
    private readonly Vector256<float> values = values;
    private readonly Vector256<uint> argmax = argmax;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MaxAccumulator8 Load(float* x) => new(Vector256.Load(x), default);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MaxAccumulator8 Update(float* x, uint index)
    {
        var value = Vector256.Load(x);
        var wins = Vector256.GreaterThan(value, values) | Vector256.IsNaN(value);
        return new(
            Select(wins, value, values),
            Select(wins, Vector256.Create(index).AsSingle(), argmax.AsSingle()).AsUInt32());
    }

    /// <summary>A blend instruction if possible: for a combined condition the JIT emits three instructions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Select(Vector256<float> condition, Vector256<float> yes, Vector256<float> no) =>
        Avx.IsSupported ? Avx.BlendVariable(no, yes, condition) : Vector256.ConditionalSelect(condition, yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* y) => values.Store(y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreArgmax(byte* indices)
    {
        var shorts = Vector128.Narrow(argmax.GetLower(), argmax.GetUpper());
        *(ulong*)indices = Vector128.Narrow(shorts, shorts).AsUInt64().ToScalar();
    }
}

internal readonly unsafe struct MaxAccumulator4(Vector128<float> values, Vector128<uint> argmax)
    : IMaxAccumulator<MaxAccumulator4>
{
    private readonly Vector128<float> values = values;
    private readonly Vector128<uint> argmax = argmax;

    public static int Width => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MaxAccumulator4 Load(float* x) => new(Vector128.Load(x), default);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MaxAccumulator4 Update(float* x, uint index)
    {
        var value = Vector128.Load(x);
        var wins = Vector128.GreaterThan(value, values) | Vector128.IsNaN(value);
        return new(
            Select(wins, value, values),
            Select(wins, Vector128.Create(index).AsSingle(), argmax.AsSingle()).AsUInt32());
    }

    /// <summary>A blend instruction if possible: for a combined condition the JIT emits three instructions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Select(Vector128<float> condition, Vector128<float> yes, Vector128<float> no) =>
        Sse41.IsSupported ? Sse41.BlendVariable(no, yes, condition) : Vector128.ConditionalSelect(condition, yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* y) => values.Store(y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreArgmax(byte* indices)
    {
        var shorts = Vector128.Narrow(argmax, argmax);
        *(uint*)indices = Vector128.Narrow(shorts, shorts).AsUInt32().ToScalar();
    }
}
