using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PyNetSharp.Kernels;

/// <summary>The maxima so far of channels that lie side by side, and where in the window each was found.</summary>
internal unsafe interface IMaxAccumulator<T> where T : struct, IMaxAccumulator<T>
{
    /// <summary>How many channels.</summary>
    static abstract int Width { get; }

    /// <summary>The numbers at the window's first place, number 0.</summary>
    static abstract T Load(float* x);

    /// <summary>The numbers at another place, where they are greater or NaN; else those so far.</summary>
    T Update(float* x, uint place);

    void Store(float* y);

    /// <summary>The places, each in a byte.</summary>
    void StoreArgmax(byte* places);
}

internal readonly unsafe struct MaxAccumulator8(Vector256<float> values, Vector256<uint> argmax) : IMaxAccumulator<MaxAccumulator8>
{
    private readonly Vector256<float> values = values;
    private readonly Vector256<uint> argmax = argmax;

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MaxAccumulator8 Load(float* x) => new(Vector256.Load(x), default);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MaxAccumulator8 Update(float* x, uint place)
    {
        var value = Vector256.Load(x);
        var wins = Vector256.GreaterThan(value, values) | Vector256.IsNaN(value);
        return new(
            Select(wins, value, values),
            Select(wins, Vector256.Create(place).AsSingle(), argmax.AsSingle()).AsUInt32());
    }

    /// <summary>One instruction where there is one: the compiler makes three of a condition with two causes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Select(Vector256<float> condition, Vector256<float> yes, Vector256<float> no) =>
        Avx.IsSupported ? Avx.BlendVariable(no, yes, condition) : Vector256.ConditionalSelect(condition, yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* y) => values.Store(y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreArgmax(byte* places)
    {
        var shorts = Vector128.Narrow(this.argmax.GetLower(), this.argmax.GetUpper());
        *(ulong*)places = Vector128.Narrow(shorts, shorts).AsUInt64().ToScalar();
    }
}

internal readonly unsafe struct MaxAccumulator4(Vector128<float> values, Vector128<uint> argmax) : IMaxAccumulator<MaxAccumulator4>
{
    private readonly Vector128<float> values = values;
    private readonly Vector128<uint> argmax = argmax;

    public static int Width => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MaxAccumulator4 Load(float* x) => new(Vector128.Load(x), default);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MaxAccumulator4 Update(float* x, uint place)
    {
        var value = Vector128.Load(x);
        var wins = Vector128.GreaterThan(value, values) | Vector128.IsNaN(value);
        return new(
            Select(wins, value, values),
            Select(wins, Vector128.Create(place).AsSingle(), argmax.AsSingle()).AsUInt32());
    }

    /// <summary>One instruction where there is one: the compiler makes three of a condition with two causes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Select(Vector128<float> condition, Vector128<float> yes, Vector128<float> no) =>
        Sse41.IsSupported ? Sse41.BlendVariable(no, yes, condition) : Vector128.ConditionalSelect(condition, yes, no);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* y) => values.Store(y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreArgmax(byte* places)
    {
        var shorts = Vector128.Narrow(this.argmax, this.argmax);
        *(uint*)places = Vector128.Narrow(shorts, shorts).AsUInt32().ToScalar();
    }
}
