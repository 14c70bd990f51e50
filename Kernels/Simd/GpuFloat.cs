namespace PyNetSharp.Kernels.Simd;

/// <summary>One float of a GPU thread: as <see cref="F32"/>, without what ILGPU cannot compile.</summary>
/// <remarks>The driver's compiler makes one instruction, rounded once, of a product and a sum where it may.</remarks>
internal readonly struct GpuFloat(float v) : IFloat32<GpuFloat>
{
    public float V { get; } = v;

    public static GpuFloat Create(float value) => new(value);

    public static GpuFloat operator +(GpuFloat a, GpuFloat b) => new(a.V + b.V);

    public static GpuFloat operator -(GpuFloat a, GpuFloat b) => new(a.V - b.V);

    public static GpuFloat operator *(GpuFloat a, GpuFloat b) => new(a.V * b.V);

    public static GpuFloat operator /(GpuFloat a, GpuFloat b) => new(a.V / b.V);

    public static GpuFloat operator -(GpuFloat x) => new(-x.V);

    /// <summary>As <see cref="F32.Max"/>: of a constant and a NaN the NaN, so the constant comes first.</summary>
    /// <remarks>
    /// Not a &gt; b: ILGPU 1.5.3 moves a constant to the right of a comparison, and the comparison is then true of a
    /// NaN. Here the constant is on the right already.
    /// </remarks>
    public static GpuFloat Max(GpuFloat a, GpuFloat b) => b.V < a.V ? a : b;

    /// <inheritdoc cref="Max"/>
    public static GpuFloat Min(GpuFloat a, GpuFloat b) => b.V > a.V ? a : b;

    public static GpuFloat Sqrt(GpuFloat x) => new(MathF.Sqrt(x.V));

    public static GpuFloat Exp(GpuFloat x) => Exponential.Exp(x);

    public static GpuFloat Log(GpuFloat x) => Logarithm.Log(x);

    public static GpuFloat Sin(GpuFloat x) =>
        IsLarge(x) ? Trigonometry.SinOfLarge(x.V, 0) : Trigonometry.Sin(x);

    public static GpuFloat Cos(GpuFloat x) =>
        IsLarge(x) ? Trigonometry.SinOfLarge(x.V, 1) : Trigonometry.Cos(x);

    public static GpuFloat Tanh(GpuFloat x) => ErrorFunction.Tanh(x);

    public static GpuFloat Erf(GpuFloat x) => ErrorFunction.Erf(x);

    public static GpuFloat Pow(GpuFloat x, GpuFloat y)
    {
        var magnitude = Exp(y * Log(Max(-x, x)));
        var isWhole = IsWhole(y.V);
        var isOdd = isWhole && !IsWhole(y.V * 0.5f);
        if (BitConverter.SingleToInt32Bits(x.V) < 0)
        {
            if (isOdd) magnitude = -magnitude;
            else if (!isWhole && x.V != 0 && x.V >= float.MinValue) magnitude = new(float.NaN);      // not of -∞
        }

        // -1 to an infinite power too, as IEEE 754 has it
        var isOne = y.V == 0 || x.V == 1 || (x.V == -1 && (y.V > float.MaxValue || y.V < float.MinValue));
        return isOne ? new(1) : magnitude;
    }

    public static GpuFloat Exponent(GpuFloat x, out GpuFloat mantissa)
    {
        var bits = BitConverter.SingleToInt32Bits(x.V);
        mantissa = new(BitConverter.Int32BitsToSingle((bits & 0x007FFFFF) | 0x3F000000));
        return new((bits >> 23) - 126);
    }

    public static GpuFloat SelectPositive(GpuFloat x, GpuFloat then, GpuFloat otherwise) => x.V > 0 ? then : otherwise;

    public static GpuFloat SelectNonPositive(GpuFloat x, GpuFloat then, GpuFloat otherwise) =>
        x.V <= 0 ? then : otherwise;

    public static GpuFloat SelectGreater(GpuFloat a, GpuFloat b, GpuFloat then, GpuFloat otherwise) =>
        a.V > b.V ? then : otherwise;

    public static GpuFloat SelectEqual(GpuFloat a, GpuFloat b, GpuFloat then, GpuFloat otherwise) =>
        a.V == b.V ? then : otherwise;

    public static GpuFloat MultiplyAdd(GpuFloat a, GpuFloat b, GpuFloat c) => new(a.V * b.V + c.V);

    /// <inheritdoc cref="F32.ScaleB"/>
    public static GpuFloat ScaleB(GpuFloat x, GpuFloat shifted)
    {
        var n = BitConverter.SingleToInt32Bits(shifted.V) - 0x4B400000;     // the bits of Exponential.MagicBias
        var half = n >> 1;
        return new(x.V * Power(half) * Power(n - half));
    }

    private static bool IsWhole(float x)
    {
        var magnitude = x < 0 ? -x : x;
        return magnitude >= 4194304 || magnitude + Exponential.MagicBias - Exponential.MagicBias == magnitude;
    }

    private static bool IsLarge(GpuFloat x) => Max(-x, x).V > Trigonometry.MaxReducible;

    private static float Power(int n) => BitConverter.Int32BitsToSingle((n + 127) << 23);
}
