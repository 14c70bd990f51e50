namespace PyNetSharp;

/// <summary>Seeded random numbers: the same seed gives the same sequence on every machine and version.</summary>
/// <remarks>
/// SplitMix64. Its whole state is one number, so a run that stops can go on exactly where it was.
/// Randomness is always an argument in this library, never a global.
/// </remarks>
/// <seealso href="https://doi.org/10.1145/2714064.2660195">Steele, Lea and Flood, 2014</seealso>
public sealed class Rng(ulong seed)
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    /// <summary>Where the sequence stands; setting it goes on from there.</summary>
    public ulong State { get; set; } = seed;

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64() => Mix(State += GoldenGamma);

    /// <summary>A float in [0, 1), a multiple of 2⁻²⁴.</summary>
    public float NextFloat() => (NextUInt64() >> 40) * (1f / (1 << 24));

    /// <summary>A double in [0, 1), a multiple of 2⁻⁵³.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1L << 53));

    /// <summary>A float in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public float NextFloat(float low, float high) => low + (high - low) * NextFloat();

    /// <summary>A whole number in [0, <paramref name="bound"/>), each equally likely up to 2⁻³².</summary>
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

    /// <summary>Puts the items into a random order, each order equally likely (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>A generator of its own, drawn from this one, which moves on by one number.</summary>
    public Rng Split() => new(Mix(NextUInt64()));

    /// <summary>The generator number <paramref name="stream"/> below this one, which stays where it is.</summary>
    /// <remarks>For work that is cut into pieces: piece i takes <c>Split(i)</c>, whoever computes it and when.</remarks>
    public Rng Split(ulong stream) => new(Mix(State ^ Mix(stream + GoldenGamma)));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
