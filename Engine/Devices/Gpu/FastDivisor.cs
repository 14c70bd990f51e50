namespace PyNetSharp;

/// <summary>
/// Divides many ints by one that is known before a launch, by a multiplication and a shift: a GPU takes some 20
/// instructions for a division of ints.
/// </summary>
/// <param name="divisor">At least 1.</param>
/// <remarks>
/// With s = ⌈log₂ d⌉ − 1 and m = ⌈2³²⁺ˢ / d⌉, ⌊n / d⌋ is ⌊n·m / 2³²⁺ˢ⌋ for 0 ≤ n &lt; 2³¹, since m·d exceeds 2³²⁺ˢ by
/// less than d ≤ 2ˢ⁺¹.
/// </remarks>
/// <seealso href="https://doi.org/10.1145/178243.178249">
/// Granlund and Montgomery, Division by invariant integers using multiplication, 1994
/// </seealso>
internal readonly struct FastDivisor(int divisor)
{
    private readonly uint multiplier = Multiplier(divisor);
    private readonly int shift = Shift(divisor);

    /// <summary>What is divided by.</summary>
    public int Divisor { get; } = divisor;

    /// <summary>⌊n / divisor⌋</summary>
    /// <param name="n">Not negative.</param>
    public int Quotient(int n) =>
        Divisor == 1 ? n : (int)((uint)(((ulong)(uint)n * multiplier) >> 32) >> shift);

    private static int Shift(int divisor) => divisor <= 1 ? 0 : 31 - int.LeadingZeroCount(divisor - 1);

    /// <summary>For divisors of at least 2: a 1, which does not fit, needs none.</summary>
    private static uint Multiplier(int divisor) =>
        divisor <= 1 ? 0 : (uint)(((1UL << (32 + Shift(divisor))) + (uint)divisor - 1) / (uint)divisor);
}
