using static System.FormattableString;

namespace PyNetSharp;

/// <summary>What the sensors of a GPU report at one moment. A value that this GPU does not report is null.</summary>
/// <param name="ClockMHz">Of the multiprocessors.</param>
/// <param name="PowerWatts">Of the whole board.</param>
/// <param name="TemperatureCelsius">Of the chip.</param>
/// <param name="FreeBytes">Device memory that no program has allocated.</param>
public sealed record GpuSensors(int? ClockMHz, double? PowerWatts, int? TemperatureCelsius, long? FreeBytes)
{
    /// <summary>Such as <c>1980 MHz, 412 W, 54 °C, 70.1 GB free</c>, without the values that are null.</summary>
    public override string ToString()
    {
        string?[] values =
        [
            ClockMHz is { } clock ? Invariant($"{clock} MHz") : null,
            PowerWatts is { } power ? Invariant($"{power:F0} W") : null,
            TemperatureCelsius is { } temperature ? Invariant($"{temperature} °C") : null,
            FreeBytes is { } free ? Invariant($"{free / 1e9:F1} GB free") : null,
        ];
        return string.Join(", ", values.OfType<string>());
    }
}
