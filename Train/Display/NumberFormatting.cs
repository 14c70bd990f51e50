using System.Globalization;

namespace PyNetSharp.Train;

/// <summary>Numbers for display, the same in every culture.</summary>
internal static class NumberFormatting
{
    /// <summary>12,345</summary>
    public static string Count(long n) => n.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>1 epoch, 12,345 epochs</summary>
    /// <param name="n">How many.</param>
    /// <param name="noun">In the singular; its plural ends in s.</param>
    public static string Count(long n, string noun) => n == 1 ? $"1 {noun}" : $"{Count(n)} {noun}s";

    /// <summary>1.2345</summary>
    public static string Loss(double loss) =>
        double.IsFinite(loss) ? loss.ToString("0.0000", CultureInfo.InvariantCulture) : "NaN";

    /// <summary>95.40 %</summary>
    public static string Percent(double share) => (100 * share).ToString("0.00", CultureInfo.InvariantCulture) + " %";

    /// <summary>0.02</summary>
    public static string Number(double x) => x.ToString("G4", CultureInfo.InvariantCulture);

    /// <summary>812 images/s; with a decimal where there are few.</summary>
    public static string Rate(double perSecond) =>
        perSecond.ToString(perSecond < 10 ? "0.0" : "N0", CultureInfo.InvariantCulture) + " images/s";

    /// <summary>8.1 s, 2:05, 1:02:03</summary>
    public static string Time(double seconds)
    {
        if (seconds < 60) return seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";
        var time = TimeSpan.FromSeconds(Math.Min(seconds, 1e9));
        return time.TotalHours < 1
            ? $"{time.Minutes}:{time.Seconds:00}"
            : $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}";
    }

    /// <summary>11.6 GB</summary>
    public static string Bytes(double bytes)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        var unit = 0;
        for (; bytes >= 1024 && unit < units.Length - 1; unit++) bytes /= 1024;
        return bytes.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary>3×32×32</summary>
    public static string Shape(IEnumerable<int> shape) => string.Join('×', shape);
}
