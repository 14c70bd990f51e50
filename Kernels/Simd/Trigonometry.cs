namespace PyNetSharp.Kernels.Simd;

/// <summary>
/// Sine and cosine in single precision, in the same steps for every vector width: within 2 units in the last place,
/// near a zero within 2⁻²⁵ of 1.
/// </summary>
/// <remarks>
/// x = q·π/2 + r with |r| ≤ π/4, then a polynomial in r (from Cephes). Up to <see cref="MaxReducible"/> π/2 is
/// subtracted in three parts (Cody and Waite); beyond it CPUs take <see cref="MathF"/>'s, lane by lane, and GPUs
/// multiply by 2/π in integers (Payne and Hanek).
/// </remarks>
/// <seealso href="https://www.netlib.org/cephes/">Moshier, Cephes, sinf</seealso>
internal static class Trigonometry
{
    /// <summary>Above it the three parts of π/2 leave an error that shows.</summary>
    public const float MaxReducible = 8192;

    private const float TwoOverPi = 0.636619772f;

    // π/2 in parts of few bits, so that multiples of the first two are exact
    private const float HalfPi1 = 1.5703125f, HalfPi2 = 4.837512969970703125e-4f, HalfPi3 = 7.54978995489188216e-8f;

    /// <summary>sin x of |x| ≤ <see cref="MaxReducible"/>; NaN of NaN.</summary>
    public static T Sin<T>(T x) where T : struct, IFloat32<T>
    {
        var r = Reduce(x, out var quadrant);
        return SinOfQuadrant(r, quadrant);
    }

    /// <summary>cos x of |x| ≤ <see cref="MaxReducible"/>; NaN of NaN.</summary>
    public static T Cos<T>(T x) where T : struct, IFloat32<T>
    {
        var r = Reduce(x, out var quadrant);
        // cos x = sin(x + π/2); quadrants are from −2 to 2, where −2 and 2 are the same
        var next = quadrant + T.Create(1);
        return SinOfQuadrant(r, T.SelectPositive(next - T.Create(2.5f), T.Create(-1), next));
    }

    /// <summary>sin(r + quadrant·π/2).</summary>
    /// <param name="r">|r| up to π/4, and a little more.</param>
    /// <param name="quadrant">A whole number from −2 to 2.</param>
    public static T SinOfQuadrant<T>(T r, T quadrant) where T : struct, IFloat32<T>
    {
        var square = r * r;
        var s = T.Create(-1.9515295891e-4f);
        s = T.MultiplyAdd(s, square, T.Create(8.3321608736e-3f));
        s = T.MultiplyAdd(s, square, T.Create(-1.6666654611e-1f));
        s = T.MultiplyAdd(s * square, r, r);

        var c = T.Create(2.443315711809948e-5f);
        c = T.MultiplyAdd(c, square, T.Create(-1.388731625493765e-3f));
        c = T.MultiplyAdd(c, square, T.Create(4.166664568298827e-2f));
        c = T.MultiplyAdd(c * square, square, T.MultiplyAdd(square, T.Create(-0.5f), T.Create(1)));

        var magnitude = T.Max(-quadrant, quadrant);
        var isOdd = T.Create(0.5f) - T.Max(magnitude - T.Create(1), T.Create(1) - magnitude);
        var odd = T.SelectPositive(quadrant, c, -c);
        var even = T.SelectPositive(magnitude - T.Create(1.5f), -s, s);
        return T.SelectPositive(isOdd, odd, even);
    }

    /// <summary>x − q·π/2 for the nearest whole q, and the quadrant: q modulo 4, from −2 to 2.</summary>
    private static T Reduce<T>(T x, out T quadrant) where T : struct, IFloat32<T>
    {
        var q = Round(x * T.Create(TwoOverPi));
        quadrant = q - T.Create(4) * Round(q * T.Create(0.25f));
        var r = T.MultiplyAdd(q, T.Create(-HalfPi1), x);
        r = T.MultiplyAdd(q, T.Create(-HalfPi2), r);
        return T.MultiplyAdd(q, T.Create(-HalfPi3), r);
    }

    private static T Round<T>(T x) where T : struct, IFloat32<T> =>
        x + T.Create(Exponential.MagicBias) - T.Create(Exponential.MagicBias);

    /// <summary>sin(x + shift·π/2) of a large x, for GPU kernels; NaN of an infinity.</summary>
    public static GpuFloat SinOfLarge(float x, int shift)
    {
        var bits = BitConverter.SingleToInt32Bits(x);
        var exponent = ((bits >> 23) & 0xFF) - 126;             // |x| = m·2^exponent with m in [½, 1)
        if (exponent > 128) return new(x - x);                  // infinity: NaN
        var m = (uint)((bits & 0x007FFFFF) | 0x00800000) << 8;

        // The 96 bits of 2/π that matter, of which earlier ones only add whole circles
        int word = exponent >> 5, offset = exponent & 31;
        var high = Shifted(word, offset);
        var middle = Shifted(word + 1, offset);
        var low = Shifted(word + 2, offset);
        // In quarters of a circle, as a fixed-point number of 2 and 62 bits
        var product = ((ulong)m * low >> 32) + (ulong)m * middle + ((ulong)(m * high) << 32);

        var quarter = (int)(product >> 62);
        var fraction = (long)(product & 0x3FFFFFFFFFFFFFFF);
        if (fraction >= 0x2000000000000000)
        {
            fraction -= 0x4000000000000000;
            quarter++;
        }

        var r = fraction * (1.57079637f / 4611686018427387904f);
        if (x < 0)
        {
            r = -r;
            quarter = -quarter;
        }

        quarter = (quarter + shift + 8) & 3;
        return SinOfQuadrant(new GpuFloat(r), new(quarter == 3 ? -1 : quarter));
    }

    /// <summary>32 bits of 2/π from a word and an offset in bits on.</summary>
    private static uint Shifted(int word, int offset) =>
        offset == 0
            ? TwoOverPiWord(word)
            : (TwoOverPiWord(word) << offset) | (TwoOverPiWord(word + 1) >> (32 - offset));

    /// <summary>The bits of 2/π, two places to the right, behind a word of zeros.</summary>
    private static uint TwoOverPiWord(int i)
    {
        if (i == 1) return 0x28BE60DB;
        if (i == 2) return 0x9391054A;
        if (i == 3) return 0x7F09D5F4;
        if (i == 4) return 0x7D4D3770;
        if (i == 5) return 0x36D8A566;
        return i == 6 ? 0x4F10E410 : 0u;
    }
}
