using System.Globalization;
using System.Numerics;

namespace PyNetSharp.Optimizers;

/// <summary>The ranges of optimizers' options.</summary>
internal static class OptimizerOption
{
    /// <summary>The factor of a running average or of a momentum buffer, in [0, 1).</summary>
    /// <param name="what">Begins the message: "The momentum".</param>
    /// <exception cref="ArgumentOutOfRangeException">It is outside its range.</exception>
    public static void CheckDecay<T>(T value, string name, string what) where T : INumber<T>
    {
        if (!(value >= T.Zero && value < T.One))
            throw OutOfRange(value, name, $"{what} must be from 0 up to, not including, 1.");
    }

    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public static void CheckEps(double eps)
    {
        if (!double.IsFinite(eps) || eps < 0) throw OutOfRange(eps, nameof(eps), "Eps must be a number from 0 up.");
    }

    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public static void CheckWeightDecay(float weightDecay)
    {
        if (!float.IsFinite(weightDecay) || weightDecay < 0)
            throw OutOfRange(weightDecay, nameof(weightDecay), "The weight decay must be a number from 0 up.");
    }

    public static ArgumentOutOfRangeException OutOfRange(IFormattable value, string name, string rule) =>
        new(name, value.ToString(null, CultureInfo.InvariantCulture), rule);
}
