namespace PyNetSharp.Data;

/// <summary>
/// Reads gray images in the PGM format, binary (P5) or as text (P2), with a white value of at most 255.
/// </summary>
/// <seealso href="https://netpbm.sourceforge.net/doc/pgm.html">The format</seealso>
public static class PgmReader
{
    private const int MaxBytes = 64 << 20;
    private const int MaxSide = 1 << 14;

    /// <summary>Reads one image.</summary>
    /// <returns>The bytes of the image row by row, 255 white, and its shape [1, rows, columns].</returns>
    /// <exception cref="InputException">
    /// The file is missing, no PGM, truncated, too long or has more than 256 gray levels.
    /// </exception>
    public static (byte[] Pixels, Shape Shape) Read(string path)
    {
        var file = DataFile.Read(path, stream =>
        {
            if (stream.Length > MaxBytes)
                throw new InputException(
                    $"'{path}' has {stream.Length} bytes; images of at most {MaxBytes} are read.");
            var bytes = GC.AllocateUninitializedArray<byte>((int)stream.Length);
            stream.ReadExactly(bytes);
            return bytes;
        });

        if (file is not [(byte)'P', (byte)'2' or (byte)'5', ..])
            throw new InputException($"'{path}', offset 0: no PGM image; expected P5 or P2.");

        var at = 2;
        var columns = ReadNumber(path, file, ref at, 1, MaxSide, "the width");
        var rows = ReadNumber(path, file, ref at, 1, MaxSide, "the height");
        var white = ReadNumber(path, file, ref at, 1, byte.MaxValue, "the value of white");
        var pixels = file[1] == (byte)'5'
            ? ReadBinary(path, file, at, columns * rows)
            : ReadText(path, file, at, columns * rows, white);

        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = pixels[i] <= white
                ? (byte)((pixels[i] * byte.MaxValue + white / 2) / white)
                : throw new InputException($"'{path}', pixel {i}: {pixels[i]}; expected 0…{white}.");
        return (pixels, [1, rows, columns]);
    }

    private static byte[] ReadBinary(string path, byte[] file, int at, int count)
    {
        if (at < file.Length && !char.IsWhiteSpace((char)file[at]))
            throw new InputException(
                $"'{path}', offset {at}: 0x{file[at]:X2} after the header; expected white space.");

        var pixels = file.AsSpan(Math.Min(at + 1, file.Length));    // exactly one white-space byte ends the header
        return pixels.Length == count
            ? pixels.ToArray()
            : throw new InputException(
                $"'{path}' has {pixels.Length} bytes of pixels from offset {at + 1} on; expected {count}.");
    }

    private static byte[] ReadText(string path, byte[] file, int at, int count, int white)
    {
        if (count > file.Length / 2 + 1)                    // each pixel takes a digit and a separator at least
            throw new InputException($"'{path}' has {file.Length} bytes, too few for {count} pixels: it is truncated.");

        var pixels = new byte[count];
        for (var i = 0; i < count; i++) pixels[i] = (byte)ReadNumber(path, file, ref at, 0, white, $"pixel {i}");
        return SkipSpace(file, at) == file.Length
            ? pixels
            : throw new InputException(
                $"'{path}', offset {at}: more than the {count} pixels that its header announces.");
    }

    private static int ReadNumber(string path, byte[] file, ref int at, int min, int max, string what)
    {
        var start = at = SkipSpace(file, at);
        var value = 0;
        for (; at < file.Length && char.IsAsciiDigit((char)file[at]); at++)
            value = Math.Min(max + 1, 10 * value + file[at] - '0');         // saturates instead of overflowing
        if (at == start)
            throw new InputException($"'{path}', offset {start}: no number for {what}; expected {min}…{max}.");
        return value >= min && value <= max
            ? value
            : throw new InputException(
                $"'{path}', offset {start}: {what} is {(value > max ? $"above {max}" : value)}; " +
                $"expected {min}…{max}.");
    }

    /// <summary>
    /// The first offset from <paramref name="at"/> on that is neither white space nor in a comment.
    /// </summary>
    private static int SkipSpace(byte[] file, int at)
    {
        for (var comment = false; at < file.Length; at++)
        {
            var c = (char)file[at];
            comment = comment ? c is not ('\n' or '\r') : c == '#';
            if (!comment && !char.IsWhiteSpace(c)) break;
        }

        return at;
    }
}
