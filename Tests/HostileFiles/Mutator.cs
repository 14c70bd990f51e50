using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace PyNetSharp.Tests;

/// <summary>Damages bytes at random, as a fault or an attacker would; the same seed gives the same damage.</summary>
internal static class Mutator
{
    private const int MaxLength = 1 << 17;

    private static readonly long[] Extremes =
    [
        0, 1, -1, 16, 64, 127, 128, 255, 256, 512, 1023, 4096, short.MaxValue, ushort.MaxValue, 1 << 20, int.MaxValue,
        int.MinValue, uint.MaxValue, 1L << 32, 1L << 40, long.MaxValue, long.MinValue,
    ];

    private static readonly byte[][] Pieces =
    [
        .. ((string[])
        [
            "{", "}", "[", "]", "\"", ":", ",", "null", "true", "-1", "1e999", "1e-400", "NaN", "0.1", "\\ud800",
            "\u202e", "\u001b[2J", "\0", "\n", "\r\n", " ", "#", "../", "/", "..", "@/etc/passwd", "--download",
            "[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":", "\"width\":\"16\"", "\"model\":\"alexnet\"", "\"step\":\"-1\"",
            "9223372036854775807", "18446744073709551616", "4294967296", "__metadata__", "\"F32\"", "\"F4\"", "[0]",
            "ustar\0", "ustar  \0", "PK\u0001\u0002", "PK\u0003\u0004", "PK\u0005\u0006", "30 path=", "20 size=",
            "P5", "P2",
            "Iris-setosa", "5.1,3.5,1.4,0.2,",
        ]).Select(Encoding.UTF8.GetBytes),
        [0x1F, 0x8B, 8], [0xFF, 0xFF, 0xFF, 0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF], [0x9B],
    ];

    /// <summary>A damaged copy.</summary>
    /// <param name="valid">The bytes to damage.</param>
    /// <param name="rng">Chooses the damage.</param>
    /// <param name="others">Inputs of which parts may be spliced in.</param>
    public static byte[] Mutate(byte[] valid, Rng rng, IReadOnlyList<byte[]> others)
    {
        List<byte> file = [.. valid];
        for (var edits = 1 << rng.Next(4); edits > 0; edits--) Edit(file, rng, others);
        if (file.Count > MaxLength) file.RemoveRange(MaxLength, file.Count - MaxLength);
        return [.. file];
    }

    private static void Edit(List<byte> file, Rng rng, IReadOnlyList<byte[]> others)
    {
        if (file.Count == 0) file.Add(0);
        // Headers, at the beginning, decide more than content.
        var at = rng.Next(rng.Next(2) == 0 ? Math.Min(64, file.Count) : file.Count);
        switch (rng.Next(12))
        {
            case 0:
                file[at] ^= (byte)(1 << rng.Next(8));
                break;
            case 1:
                file[at] = (byte)rng.NextUInt64();
                break;
            case 2:
                file[at] = (byte)(file[at] + rng.Next(33) - 16);
                break;
            case 3:
                Overwrite(file, at, Number(rng));
                break;
            case 4:
                Overwrite(file, at, Pieces[rng.Next(Pieces.Length)]);
                break;
            case 5:
                file.InsertRange(at, Pieces[rng.Next(Pieces.Length)]);
                break;
            case 6:
                file.RemoveRange(at, file.Count - at);
                break;
            case 7:
                file.RemoveRange(at, Math.Min(file.Count - at, 1 + rng.Next(40)));
                break;
            case 8:
                var length = Math.Min(file.Count - at, 1 + rng.Next(600));
                file.InsertRange(rng.Next(file.Count), file.GetRange(at, length));
                break;
            case 9:
                var other = others[rng.Next(others.Count)];
                if (other.Length > 0) file.InsertRange(at, other.AsSpan(rng.Next(other.Length)).ToArray().Take(600));
                break;
            case 10:
                ReplaceDigits(file, at, rng);
                break;
            default:
                file.InsertRange(at, Enumerable.Repeat((byte)rng.NextUInt64(), 1 + rng.Next(2000)));
                break;
        }
    }

    private static void Overwrite(List<byte> file, int at, byte[] bytes)
    {
        for (var i = 0; i < bytes.Length && at + i < file.Count; i++) file[at + i] = bytes[i];
    }

    /// <summary>An extreme number in 2, 4 or 8 bytes, of either order.</summary>
    private static byte[] Number(Rng rng)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Extremes[rng.Next(Extremes.Length)]);
        bytes = bytes[..(2 << rng.Next(3))];
        if (rng.Next(2) == 0) Array.Reverse(bytes);
        return bytes;
    }

    /// <summary>Replaces the next run of digits by an extreme number.</summary>
    private static void ReplaceDigits(List<byte> file, int at, Rng rng)
    {
        while (at < file.Count && !char.IsAsciiDigit((char)file[at])) at++;
        var end = at;
        while (end < file.Count && char.IsAsciiDigit((char)file[end])) end++;
        var text = Extremes[rng.Next(Extremes.Length)].ToString(CultureInfo.InvariantCulture);
        file.RemoveRange(at, end - at);
        file.InsertRange(at, Encoding.ASCII.GetBytes(text));
    }
}
