using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Divisions by multiplication and shift.</summary>
[Category("Gpu")]
public sealed class FastDivisorTests
{
    private static readonly int[] Divisors =
    [
        .. Enumerable.Range(1, 300), 641, 1000, 4095, 4096, 4097, 65_535, 65_536, 65_537, 6_700_417, (1 << 30) - 1,
        1 << 30, (1 << 30) + 1, int.MaxValue - 1, int.MaxValue,
    ];

    /// <summary>Around multiples of the divisor, where an error of the multiplier would show first.</summary>
    [TestCaseSource(nameof(Divisors))]
    public void Quotients_are_exact_up_to_the_largest_int(int divisor)
    {
        var fast = new FastDivisor(divisor);
        var rng = new Random(divisor);
        for (var i = 0; i < 2000; i++)
        {
            var multiple = rng.NextInt64(int.MaxValue / divisor + 1L) * divisor;
            foreach (var n in (long[])[multiple - 1, multiple, multiple + 1, rng.Next(), int.MaxValue - i, i])
                if (n is >= 0 and <= int.MaxValue && fast.Quotient((int)n) != n / divisor)
                    Assert.Fail($"{n} / {divisor} is {n / divisor}, not {fast.Quotient((int)n)}");
        }

        Assert.That(fast.Quotient(int.MaxValue), Is.EqualTo(int.MaxValue / divisor));
    }
}
