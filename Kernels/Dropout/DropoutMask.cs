using System.Runtime.Intrinsics;

namespace PyNetSharp.Kernels;

/// <summary>
/// The positions to drop, by a hash of seed and position: nothing is stored, and threads need no order.
/// </summary>
/// <remarks>
/// The hash is lowbias32 with 64 bits from the seed mixed in as two keys, one before it and one within. A position is
/// dropped if the upper 24 bits, as a fraction, are below p.
/// </remarks>
/// <seealso href="https://nullprogram.com/blog/2018/07/31/">Wellons, Prospecting for hash functions, 2018</seealso>
internal readonly struct DropoutMask
{
    private const uint Multiplier1 = 0x7FEB352D, Multiplier2 = 0x846CA68B;

    private readonly uint key1, key2, origin;
    private readonly int threshold;
    private readonly float scale;

    /// <param name="p">The probability of being dropped, from 0 to 1, in steps of 2⁻²⁴.</param>
    /// <param name="seed">The masks of different seeds are not correlated.</param>
    /// <param name="origin">Added to all positions.</param>
    public DropoutMask(float p, ulong seed, uint origin = 0)
    {
        var keys = new Rng(seed).NextUInt64();
        (key1, key2, this.origin) = ((uint)keys, (uint)(keys >> 32), origin);
        threshold = (int)MathF.Round(p * (1 << 24));
        scale = 1 / (1 - p);
    }

    /// <summary>
    /// y = x / (1 − p) where kept, 0 where dropped; <paramref name="y"/> may be <paramref name="x"/>.
    /// </summary>
    /// <param name="first">The position of x[0].</param>
    public unsafe void Apply(ReadOnlySpan<float> x, int first, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, y.Length);
        fixed (float* input = x, output = y)
        {
            var (i, n) = (0, y.Length);

            if (Vector512.IsHardwareAccelerated)
                for (; i + 16 <= n; i += 16)
                {
                    var hash = Hash(Vector512.Create(origin + (uint)(first + i)) + Vector512<uint>.Indices);
                    var kept = Vector512.GreaterThanOrEqual((hash >>> 8).AsInt32(), Vector512.Create(threshold));
                    var scaled = Vector512.Load(input + i) * scale;
                    Vector512.ConditionalSelect(kept.AsSingle(), scaled, Vector512<float>.Zero).Store(output + i);
                }

            if (Vector256.IsHardwareAccelerated)
                for (; i + 8 <= n; i += 8)
                {
                    var hash = Hash(Vector256.Create(origin + (uint)(first + i)) + Vector256<uint>.Indices);
                    var kept = Vector256.GreaterThanOrEqual((hash >>> 8).AsInt32(), Vector256.Create(threshold));
                    var scaled = Vector256.Load(input + i) * scale;
                    Vector256.ConditionalSelect(kept.AsSingle(), scaled, Vector256<float>.Zero).Store(output + i);
                }

            for (; i < n; i++)
                output[i] = Apply(input[i], first + i);
        }
    }

    /// <summary>The same for one number at one position.</summary>
    public float Apply(float x, int position) => (int)(Hash(origin + (uint)position) >> 8) >= threshold ? x * scale : 0;

    public uint Hash(uint x)
    {
        x ^= key1;
        x = (x ^ (x >> 16)) * Multiplier1 + key2;
        x = (x ^ (x >> 15)) * Multiplier2;
        return x ^ (x >> 16);
    }

    public Vector256<uint> Hash(Vector256<uint> x)
    {
        x ^= Vector256.Create(key1);
        x = (x ^ (x >>> 16)) * Multiplier1 + Vector256.Create(key2);
        x = (x ^ (x >>> 15)) * Multiplier2;
        return x ^ (x >>> 16);
    }

    public Vector512<uint> Hash(Vector512<uint> x)
    {
        x ^= Vector512.Create(key1);
        x = (x ^ (x >>> 16)) * Multiplier1 + Vector512.Create(key2);
        x = (x ^ (x >>> 15)) * Multiplier2;
        return x ^ (x >>> 16);
    }
}
