using System.Globalization;

namespace PyNetSharp;

/// <summary>How the elements of one tensor are printed: all in the same notation and width, as PyTorch does.</summary>
internal sealed class ElementFormat
{
    private readonly Notation notation;
    private readonly int precision, width = 1;

    /// <param name="values">The elements that are printed.</param>
    /// <param name="options">Precision, and the notation if it is chosen.</param>
    public ElementFormat(ReadOnlySpan<float> values, PrintOptions options)
    {
        precision = options.Precision;
        var (least, most, areIntegers) = (double.PositiveInfinity, 0.0, true);
        foreach (var value in values)
        {
            if (!IsCounted(value)) continue;
            (least, most) = (Math.Min(least, Math.Abs((double)value)), Math.Max(most, Math.Abs((double)value)));
            areIntegers &= float.IsInteger(value);
        }

        notation = areIntegers ? Notation.Integer : Notation.Fixed;
        if (most == 0) return;                      // only zeros, NaN and infinities

        var fallback = notation;
        if (most / least > 1000 || most > 1e8 || (!areIntegers && least < 1e-4)) notation = Notation.Scientific;
        foreach (var value in values)
            if (IsCounted(value))
                width = Math.Max(width, Digits(value).Length);
        // PyTorch also takes the width from the notation that it would have chosen itself.
        if (options.SciMode is { } chosen) notation = chosen ? Notation.Scientific : fallback;
    }

    private enum Notation
    {
        Integer,
        Fixed,
        Scientific,
    }

    /// <summary>The columns of an element; a NaN, an infinity or a zero may need more.</summary>
    public int Width => width;

    /// <summary>The element, padded on the left to <see cref="Width"/>.</summary>
    public string Format(float value) => Digits(value).PadLeft(width);

    private static bool IsCounted(float value) => float.IsFinite(value) && value != 0;

    private string Digits(float value) => value switch
    {
        float.NaN => "nan",
        float.PositiveInfinity => "inf",
        float.NegativeInfinity => "-inf",
        _ => notation switch
        {
            Notation.Integer => $"{Fixed(value, 0)}.",
            Notation.Fixed => Fixed(value, precision),
            _ => Scientific(value, precision),
        },
    };

    /// <summary>As C's %.{digits}f.</summary>
    private static string Fixed(double value, int digits) => Round(value, 'F', digits);

    /// <summary>As C's %.{digits}e: at least two digits of exponent.</summary>
    private static string Scientific(double value, int digits)
    {
        var text = Round(value, 'E', digits);               // 1.0000E-005
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = text[(e + 2)..].TrimStart('0').PadLeft(2, '0');
        return $"{text[..e]}e{text[e + 1]}{exponent}";
    }

    /// <summary>Rounds a number halfway between two to the even one, as C and Python do; .NET rounds it up.</summary>
    private static string Round(double value, char notation, int digits)
    {
        const int checkedDigits = 6, exactDigits = 150;     // no float has more digits after the point
        var rounded = value.ToString($"{notation}{digits}", CultureInfo.InvariantCulture);
        if (!IsHalf(checkedDigits, out _) || !IsHalf(exactDigits, out var towardZero)) return rounded;
        var last = towardZero.Split('E')[0].TrimEnd('.')[^1];
        return (last - '0') % 2 == 0 ? towardZero.Replace(".E", "E", StringComparison.Ordinal).TrimEnd('.') : rounded;

        // Whether a five and nothing else follows the digits; their text without it.
        bool IsHalf(int more, out string cut)
        {
            var text = value.ToString($"{notation}{digits + more}", CultureInfo.InvariantCulture);
            var end = text.IndexOf('E', StringComparison.Ordinal) is >= 0 and var e ? e : text.Length;
            var tail = text.AsSpan(end - more, more);
            cut = text.Remove(end - more, more);
            return tail[0] == '5' && tail[1..].IndexOfAnyExcept('0') < 0;
        }
    }
}
