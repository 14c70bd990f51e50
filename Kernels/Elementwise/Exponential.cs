namespace PyNetSharp;

/// <summary>eˣ in single precision, in the same steps for every vector width: within 2 units in the last place.</summary>
/// <remarks>
/// x = n·ln 2 + r with |r| ≤ ½·ln 2, and eʳ by a polynomial of degree 6 (Taylor's to r², then coefficients that spread the
/// error evenly; from Cephes). Results below 2⁻¹²⁶ are denormal, not zero; above the largest float comes infinity.
/// </remarks>
/// <seealso href="https://www.netlib.org/cephes/">Moshier, Cephes, expf</seealso>
internal static class Exponential
{
    /// <summary>1.5·2²³: a float so large that its last bit counts ones; adding it rounds to a whole number.</summary>
    public const float Shift = 12582912;

    private const float Lowest = -104, Highest = 89;            // beyond them the result is 0 or infinity all the same
    private const float Log2OfE = 1.44269504f;
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;       // their sum is ln 2 to 40 bits

    public static T Of<T>(T x) where T : struct, ISingle<T>
    {
        x = -T.Max(T.Of(-Highest), -T.Max(T.Of(Lowest), x));
        var shifted = T.MultiplyAdd(x, T.Of(Log2OfE), T.Of(Shift));
        var n = shifted - T.Of(Shift);
        var r = T.MultiplyAdd(n, T.Of(-Ln2Low), T.MultiplyAdd(n, T.Of(-Ln2High), x));

        var p = T.Of(1.9875691500e-4f);
        p = T.MultiplyAdd(p, r, T.Of(1.3981999507e-3f));
        p = T.MultiplyAdd(p, r, T.Of(8.3334519073e-3f));
        p = T.MultiplyAdd(p, r, T.Of(4.1665795894e-2f));
        p = T.MultiplyAdd(p, r, T.Of(1.6666665459e-1f));
        p = T.MultiplyAdd(p, r, T.Of(5.0000001201e-1f));
        p = T.MultiplyAdd(p, r * r, r + T.Of(1));
        return T.Scale(p, shifted);
    }
}
