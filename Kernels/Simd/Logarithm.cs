namespace PyNetSharp.Kernels.Simd;

/// <summary>
/// The natural logarithm in single precision, in the same steps for every vector width: within 2 units in the last
/// place.
/// </summary>
/// <remarks>
/// x = 2ⁿ·m with m in [½·√2, √2), and log m by a polynomial in m − 1 (from Cephes). Denormal numbers are scaled first.
/// </remarks>
/// <seealso href="https://www.netlib.org/cephes/">Moshier, Cephes, logf</seealso>
internal static class Logarithm
{
    private const float SqrtHalf = 0.707106781f;
    private const float MinNormal = 1.17549435e-38f;
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;       // their sum is ln 2 to 40 bits

    public static T Log<T>(T x) where T : struct, IFloat32<T>
    {
        var denormal = T.Create(MinNormal) - x;
        var scaled = T.SelectPositive(denormal, x * T.Create(1 << 23), x);
        var n = T.Exponent(scaled, out var m) - T.SelectPositive(denormal, T.Create(23), T.Create(0));
        var below = T.Create(SqrtHalf) - m;
        n -= T.SelectPositive(below, T.Create(1), T.Create(0));
        m = T.SelectPositive(below, m + m, m) - T.Create(1);

        var p = T.Create(7.0376836292e-2f);
        p = T.MultiplyAdd(p, m, T.Create(-1.1514610310e-1f));
        p = T.MultiplyAdd(p, m, T.Create(1.1676998740e-1f));
        p = T.MultiplyAdd(p, m, T.Create(-1.2420140846e-1f));
        p = T.MultiplyAdd(p, m, T.Create(1.4249322787e-1f));
        p = T.MultiplyAdd(p, m, T.Create(-1.6668057665e-1f));
        p = T.MultiplyAdd(p, m, T.Create(2.0000714765e-1f));
        p = T.MultiplyAdd(p, m, T.Create(-2.4999993993e-1f));
        p = T.MultiplyAdd(p, m, T.Create(3.3333331174e-1f));
        var square = m * m;
        var rest = T.MultiplyAdd(n, T.Create(Ln2Low), p * m * square);
        rest = T.MultiplyAdd(square, T.Create(-0.5f), rest);
        var log = T.MultiplyAdd(n, T.Create(Ln2High), m + rest);

        var finite = T.SelectPositive(x - T.Create(float.MaxValue), x, log);
        var ofNonPositive = T.SelectNonPositive(-x, T.Create(float.NegativeInfinity), T.Create(float.NaN));
        return T.SelectPositive(x, finite, T.SelectNonPositive(x, ofNonPositive, x));
    }

    /// <summary>For GPU kernels: of a positive, finite number that is not denormal; NaN of NaN.</summary>
    public static float Log(float x)
    {
        var bits = BitConverter.SingleToInt32Bits(x);
        float n = (bits >> 23) - 126;
        var m = BitConverter.Int32BitsToSingle((bits & 0x007FFFFF) | 0x3F000000);      // in [½, 1)
        if (m < SqrtHalf)
        {
            n -= 1;
            m += m;
        }

        m -= 1;
        var p = 7.0376836292e-2f;
        p = p * m - 1.1514610310e-1f;
        p = p * m + 1.1676998740e-1f;
        p = p * m - 1.2420140846e-1f;
        p = p * m + 1.4249322787e-1f;
        p = p * m - 1.6668057665e-1f;
        p = p * m + 2.0000714765e-1f;
        p = p * m - 2.4999993993e-1f;
        p = p * m + 3.3333331174e-1f;
        var rest = p * m * m * m + n * Ln2Low - 0.5f * m * m;
        return float.IsNaN(x) ? x : m + rest + n * Ln2High;
    }
}
