using System.Globalization;

namespace PyNetSharp.Data;

/// <summary>The ranges of the parameters of random transforms.</summary>
internal static class AugmentationRange
{
    /// <exception cref="ArgumentOutOfRangeException">The value is outside [least, most], or NaN.</exception>
    public static void Check(float value, float least, float most, string name)
    {
        if (!(value >= least && value <= most))
            throw new ArgumentOutOfRangeException(
                name, value.ToString(CultureInfo.InvariantCulture),
                string.Create(CultureInfo.InvariantCulture, $"A number from {least} to {most} was expected."));
    }
}
