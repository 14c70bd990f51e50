using System.Globalization;

namespace PyNetSharp;

/// <summary>What a loss makes of the losses of its items or elements, as PyTorch's <c>reduction</c>.</summary>
public enum LossReduction
{
    /// <summary>Their mean, a scalar; NaN if there are none. Classes may have weights in it.</summary>
    Mean,

    /// <summary>Their sum, a scalar.</summary>
    Sum,

    /// <summary>All of them.</summary>
    None,
}

/// <summary>Checks of a loss's options.</summary>
internal static class LossOptions
{
    /// <exception cref="ArgumentOutOfRangeException">It is none of the three.</exception>
    public static void Check(string op, LossReduction reduction)
    {
        if (!Enum.IsDefined(reduction))
            throw new ArgumentOutOfRangeException(
                nameof(reduction), reduction, $"{op}: expected the reduction Mean, Sum or None.");
    }

    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range, or NaN.</exception>
    public static void CheckRange(string op, string name, float value, float least, float most)
    {
        if (!(value >= least && value <= most))
            throw new ArgumentOutOfRangeException(
                name, value.ToString(CultureInfo.InvariantCulture),
                FormattableString.Invariant($"{op}: expected a {name} from {least} to {most}."));
    }

    /// <exception cref="ArgumentOutOfRangeException">A number is not above 0, not finite, or NaN.</exception>
    public static void CheckPositive(string op, string name, float value)
    {
        if (!(value > 0 && float.IsFinite(value)))
            throw new ArgumentOutOfRangeException(
                name, value.ToString(CultureInfo.InvariantCulture), $"{op}: expected a finite {name} above 0.");
    }
}
