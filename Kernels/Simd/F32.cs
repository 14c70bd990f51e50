namespace PyNetSharp.Kernels.Simd;

/// <summary>One float: the elements that fill no vector, and a CPU without vectors.</summary>
internal unsafe struct F32(float v) : IVector<F32>
{
    public float V = v;

    public static int Width => 1;

    public static int Mr => 4;

    public static F32 Create(float value) => new(value);

    public static F32 Load(float* from) => new(*from);

    public readonly void Store(float* to) => *to = V;

    public readonly void StoreNonTemporal(float* to) => *to = V;

    public static F32 operator +(F32 a, F32 b) => new(a.V + b.V);

    public static F32 operator -(F32 a, F32 b) => new(a.V - b.V);

    public static F32 operator *(F32 a, F32 b) => new(a.V * b.V);

    public static F32 operator /(F32 a, F32 b) => new(a.V / b.V);

    public static F32 operator -(F32 x) => new(-x.V);

    public static F32 MultiplyAdd(F32 a, F32 b, F32 c) => new(MathF.FusedMultiplyAdd(a.V, b.V, c.V));

    /// <summary>Rounded twice: without vectors a fused one would be a call.</summary>
    public static F32 MultiplyAddEstimate(F32 a, F32 b, F32 c) => new(a.V * b.V + c.V);

    public static void MultiplyAccumulateEstimate(F32 a, F32 b, ref F32 sum) => sum.V = a.V * b.V + sum.V;

    public static F32 Max(F32 a, F32 b) => a.V > b.V ? a : b;

    public static F32 Min(F32 a, F32 b) => a.V < b.V ? a : b;

    public static F32 Relu(F32 a) => a.V < 0 ? default : a;

    public static F32 SelectPositive(F32 x, F32 then, F32 otherwise) => x.V > 0 ? then : otherwise;

    public static F32 SelectNonPositive(F32 x, F32 then, F32 otherwise) => x.V <= 0 ? then : otherwise;

    public static F32 SelectGreater(F32 a, F32 b, F32 then, F32 otherwise) => a.V > b.V ? then : otherwise;

    public static F32 SelectEqual(F32 a, F32 b, F32 then, F32 otherwise) => a.V == b.V ? then : otherwise;

    public static F32 Sqrt(F32 x) => new(MathF.Sqrt(x.V));

    public static float Sum(F32 x) => x.V;

    public static F32 Exp(F32 x) => Exponential.Exp(x);

    public static F32 Log(F32 x) => Logarithm.Log(x);

    public static F32 Sin(F32 x) =>
        MathF.Abs(x.V) > Trigonometry.MaxReducible ? new(MathF.Sin(x.V)) : Trigonometry.Sin(x);

    public static F32 Cos(F32 x) =>
        MathF.Abs(x.V) > Trigonometry.MaxReducible ? new(MathF.Cos(x.V)) : Trigonometry.Cos(x);

    public static F32 Tanh(F32 x) => ErrorFunction.Tanh(x);

    public static F32 Erf(F32 x) => ErrorFunction.Erf(x);

    public static F32 Pow(F32 x, F32 y) => new(MathF.Pow(x.V, y.V));

    public static bool AnyPositive(F32 x) => x.V > 0;

    public static F32 Exponent(F32 x, out F32 mantissa)
    {
        var bits = BitConverter.SingleToInt32Bits(x.V);
        mantissa = new(BitConverter.Int32BitsToSingle((bits & 0x007FFFFF) | 0x3F000000));
        return new((bits >> 23) - 126);
    }

    public static F32 ScaleB(F32 x, F32 shifted)
    {
        // Two factors, because 2ⁿ itself may be too large or too small for a float where x·2ⁿ is not.
        var n = BitConverter.SingleToInt32Bits(shifted.V) - BitConverter.SingleToInt32Bits(Exponential.MagicBias);
        var half = n >> 1;
        return new(x.V * Power(half) * Power(n - half));

        static float Power(int n) => BitConverter.Int32BitsToSingle((n + 127) << 23);
    }
}
