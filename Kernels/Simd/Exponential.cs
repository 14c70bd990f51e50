namespace PyNetSharp.Kernels.Simd;

/// <summary>
/// eˣ in single precision, in the same steps for every vector width: within 2 units in the last place.
/// </summary>
/// <remarks>
/// x = n·ln 2 + r with |r| ≤ ½·ln 2, and eʳ by a polynomial of degree 6 (Taylor's to r², then coefficients that spread
/// the error evenly; from Cephes). Results below 2⁻¹²⁶ are denormal, not zero; above the largest float comes infinity.
/// </remarks>
/// <seealso href="https://www.netlib.org/cephes/">Moshier, Cephes, expf</seealso>
internal static class Exponential
{
    /// <summary>1.5·2²³: a float whose last bit counts ones; adding it rounds to a whole number.</summary>
    public const float MagicBias = 12582912;

    private const float MinInput = -104, MaxInput = 89;         // beyond them the result is 0 or infinity
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;       // their sum is ln 2 to 40 bits

    public static T Exp<T>(T x) where T : struct, IFloat32<T>
    {
        x = -T.Max(T.Create(-MaxInput), -T.Max(T.Create(MinInput), x));
        var shifted = T.MultiplyAdd(x, T.Create(Log2E), T.Create(MagicBias));
        var n = shifted - T.Create(MagicBias);
        var r = T.MultiplyAdd(n, T.Create(-Ln2Low), T.MultiplyAdd(n, T.Create(-Ln2High), x));

        var p = T.Create(1.9875691500e-4f);
        p = T.MultiplyAdd(p, r, T.Create(1.3981999507e-3f));
        p = T.MultiplyAdd(p, r, T.Create(8.3334519073e-3f));
        p = T.MultiplyAdd(p, r, T.Create(4.1665795894e-2f));
        p = T.MultiplyAdd(p, r, T.Create(1.6666665459e-1f));
        p = T.MultiplyAdd(p, r, T.Create(5.0000001201e-1f));
        p = T.MultiplyAdd(p, r * r, r + T.Create(1));
        return T.ScaleB(p, shifted);
    }
}
