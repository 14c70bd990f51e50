namespace PyNetSharp.Kernels.Simd;

/// <summary>One float: the rest of a span that fills no vector.</summary>
internal readonly record struct F32(float V) : IFloat32<F32>
{
    public static F32 Create(float value) => new(value);

    public static F32 operator +(F32 a, F32 b) => new(a.V + b.V);

    public static F32 operator -(F32 a, F32 b) => new(a.V - b.V);

    public static F32 operator *(F32 a, F32 b) => new(a.V * b.V);

    public static F32 operator /(F32 a, F32 b) => new(a.V / b.V);

    public static F32 operator -(F32 x) => new(-x.V);

    public static F32 Max(F32 a, F32 b) => a.V > b.V ? a : b;

    public static F32 Exp(F32 x) => Exponential.Exp(x);

    public static F32 SelectPositive(F32 x, F32 then, F32 otherwise) => x.V > 0 ? then : otherwise;

    public static F32 MultiplyAdd(F32 a, F32 b, F32 c) => new(MathF.FusedMultiplyAdd(a.V, b.V, c.V));

    public static F32 ScaleB(F32 x, F32 shifted)
    {
        // Two factors, because 2ⁿ itself may be too large or too small for a float where x·2ⁿ is not.
        var n = BitConverter.SingleToInt32Bits(shifted.V) - BitConverter.SingleToInt32Bits(Exponential.MagicBias);
        var half = n >> 1;
        return new(x.V * Power(half) * Power(n - half));

        static float Power(int n) => BitConverter.Int32BitsToSingle((n + 127) << 23);
    }
}
