namespace PyNetSharp.Kernels.Simd;

/// <summary>
/// tanh and erf in single precision, in the same steps for every vector width: within 2 units in the last place.
/// </summary>
/// <remarks>
/// Near 0 an odd polynomial, whose relative error stays small; elsewhere 1 minus an exponential. tanh's polynomial is
/// Cephes's, erf's and that of −log(erfc) were fitted to the largest error (weighted least squares, repeated).
/// </remarks>
/// <seealso href="https://www.netlib.org/cephes/">Moshier, Cephes, tanhf</seealso>
internal static class ErrorFunction
{
    private const float MaxTanhPolynomial = 0.625f, MaxErfPolynomial = 0.92f;

    public static T Tanh<T>(T x) where T : struct, IFloat32<T>
    {
        var square = x * x;
        var p = T.Create(-5.70498872745e-3f);
        p = T.MultiplyAdd(p, square, T.Create(2.06390887954e-2f));
        p = T.MultiplyAdd(p, square, T.Create(-5.37397155531e-2f));
        p = T.MultiplyAdd(p, square, T.Create(1.33314422036e-1f));
        p = T.MultiplyAdd(p, square, T.Create(-3.33332819422e-1f));
        var small = T.MultiplyAdd(p * square, x, x);

        var magnitude = T.Max(-x, x);
        var large = T.Create(1) - T.Create(2) / (T.Exp(magnitude + magnitude) + T.Create(1));
        return T.SelectPositive(
            magnitude - T.Create(MaxTanhPolynomial), T.SelectPositive(x, large, -large), small);
    }

    public static T Erf<T>(T x) where T : struct, IFloat32<T>
    {
        var square = x * x;
        var p = T.Create(8.31677522e-5f);
        p = T.MultiplyAdd(p, square, T.Create(-8.13001269e-4f));
        p = T.MultiplyAdd(p, square, T.Create(5.19990667e-3f));
        p = T.MultiplyAdd(p, square, T.Create(-2.68589415e-2f));
        p = T.MultiplyAdd(p, square, T.Create(1.12836872e-1f));
        p = T.MultiplyAdd(p, square, T.Create(-3.76126332e-1f));
        p = T.MultiplyAdd(p, square, T.Create(1.28379167e-1f));
        var small = T.MultiplyAdd(p, x, x);

        // −log(erfc(t)) / t, up to where erf(t) rounds to 1.
        var magnitude = T.Max(-x, x);
        var t = -T.Max(T.Create(-4.1f), -magnitude);
        var q = T.Create(-2.36025412e-6f);
        q = T.MultiplyAdd(q, t, T.Create(3.75266953e-5f));
        q = T.MultiplyAdd(q, t, T.Create(-2.37831714e-4f));
        q = T.MultiplyAdd(q, t, T.Create(5.83501417e-4f));
        q = T.MultiplyAdd(q, t, T.Create(1.65684344e-3f));
        q = T.MultiplyAdd(q, t, T.Create(-2.10716426e-2f));
        q = T.MultiplyAdd(q, t, T.Create(1.04029559e-1f));
        q = T.MultiplyAdd(q, t, T.Create(6.36156124e-1f));
        q = T.MultiplyAdd(q, t, T.Create(1.12845379f));
        var large = T.Create(1) - T.Exp(-t * q);
        return T.SelectPositive(
            magnitude - T.Create(MaxErfPolynomial), T.SelectPositive(x, large, -large), small);
    }
}
