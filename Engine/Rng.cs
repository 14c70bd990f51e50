namespace PyNetSharp;

/// <summary>Seeded random numbers: the same seed gives the same sequence on every machine and version.</summary>
/// <remarks>
/// SplitMix64. Its state is one number, so a checkpoint restores it exactly.
/// Generators are arguments in this library; there is no global one.
/// </remarks>
/// <seealso href="https://doi.org/10.1145/2714064.2660195">Steele, Lea and Flood, 2014</seealso>
public sealed class Rng(ulong seed)
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    /// <summary>The state; setting it continues the sequence from there.</summary>
    public ulong State { get; set; } = seed;

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64() => Mix(State += GoldenGamma);

    /// <summary>A float in [0, 1), a multiple of 2⁻²⁴.</summary>
    public float NextFloat() => (NextUInt64() >> 40) * (1f / (1 << 24));

    /// <summary>A double in [0, 1), a multiple of 2⁻⁵³.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1L << 53));

    /// <summary>A float in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public float NextFloat(float low, float high) => low + (high - low) * NextFloat();

    /// <summary>An integer in [0, <paramref name="bound"/>), uniform up to 2⁻³².</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)((NextUInt64() >> 32) * (ulong)bound >> 32);
    }

    /// <summary>A normally distributed number of mean 0 and variance 1 (Box and Muller, 1958).</summary>
    public float NextNormal()
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));    // 1 − u lies in (0, 1], so the logarithm is finite
        return (float)(radius * Math.Cos(2 * Math.PI * NextDouble()));
    }

    /// <summary>Permutes the items at random, all orders equally likely (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>A new generator, seeded by the next number of this one.</summary>
    public Rng Split() => new(Mix(NextUInt64()));

    /// <summary>
    /// The generator number <paramref name="stream"/> derived from this one, whose state does not change.
    /// </summary>
    /// <remarks>For parallel work: part i uses <c>Split(i)</c>, independently of threads and order.</remarks>
    public Rng Split(ulong stream) => new(Mix(State ^ Mix(stream + GoldenGamma)));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
