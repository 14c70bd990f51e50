using System.Globalization;
using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>How <see cref="Tensor.ToString(PrintOptions?)"/> prints; the defaults are PyTorch's.</summary>
/// <seealso href="https://pytorch.org/docs/stable/generated/torch.set_printoptions.html">
/// torch.set_printoptions
/// </seealso>
public sealed record PrintOptions
{
    /// <summary>The digits after the point of the smallest float: more would be zeros.</summary>
    private const int MaxPrecision = 149;

    private static PrintOptions current = new();

    /// <summary>What <see cref="Tensor.ToString()"/> prints with, in all threads.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public static PrintOptions Default
    {
        get => current;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            current = value;
        }
    }

    /// <summary>PyTorch's profile "short": 2 digits, 2 edge items.</summary>
    public static PrintOptions Brief { get; } = new() { Precision = 2, EdgeItems = 2 };

    /// <summary>PyTorch's profile "full": no tensor is summarized.</summary>
    public static PrintOptions Full { get; } = new() { Threshold = int.MaxValue };

    /// <summary>Digits after the point, 0 to 149. Default: 4.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a number outside this range.</exception>
    public int Precision { get; init => field = Check(value, 0, MaxPrecision); } = 4;

    /// <summary>A tensor of more elements than this, from 0 up, is summarized. Default: 1000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a negative number.</exception>
    public int Threshold { get; init => field = Check(value, 0); } = 1000;

    /// <summary>
    /// How many items at each end of an axis a summary shows, at least 1; an axis of up to twice as many is shown
    /// whole. Default: 3.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public int EdgeItems { get; init => field = Check(value, 1, int.MaxValue / 2); } = 3;

    /// <summary>
    /// Columns after which a row continues on the next line, at least 1; a line has one number at least. Default: 80.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to less than 1.</exception>
    public int LineWidth { get; init => field = Check(value, 1); } = 80;

    /// <summary>
    /// Whether numbers have an exponent, as 1.0000e-05. Default: null, which decides by the values printed: if the
    /// largest magnitude is above 1000 times the smallest that is not 0, or above 10⁸, or unless all are integers the
    /// smallest is below 10⁻⁴.
    /// </summary>
    public bool? SciMode { get; init; }

    private static int Check(int value, int least, int most = int.MaxValue, [CallerMemberName] string name = "") =>
        value >= least && value <= most
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value.ToString(CultureInfo.InvariantCulture),
                most == MaxPrecision
                    ? FormattableString.Invariant($"PrintOptions: {name} is {least} to {most}.")
                    : FormattableString.Invariant($"PrintOptions: {name} is at least {least}."));
}
