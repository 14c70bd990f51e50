using System.Globalization;
using System.Text;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>Reads the entries of a tar archive one after the other: V7, ustar, pax and GNU's long names.</summary>
/// <remarks>
/// The base library's reader allocates whatever a header announces, up to 2 GB, and reports faults by exceptions of
/// many types. This one allocates a megabyte at most, and throws <see cref="InvalidDataException"/>.
/// </remarks>
/// <param name="stream">The decompressed archive; not closed.</param>
/// <seealso href="https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html">POSIX, pax and ustar</seealso>
internal sealed class TarEntries(Stream stream)
{
    private const int BlockSize = 512, MaxExtendedHeader = 1 << 20;
    private const int NameLength = 100, SizeAt = 124, NumberLength = 12, ChecksumAt = 148, ChecksumLength = 8;
    private const int TypeAt = 156, MagicAt = 257, PrefixAt = 345, PrefixLength = 155;

    private readonly byte[] block = new byte[BlockSize];
    private long left, padding;         // of the current entry's content

    /// <summary>The next entry, after the rest of the last one's content is skipped; null at the end.</summary>
    /// <exception cref="InvalidDataException">The archive is damaged or was cut.</exception>
    public TarMember? Next()
    {
        string? longName = null;
        long? longSize = null;
        while (true)
        {
            Skip(left + padding);
            left = padding = 0;
            if (!ReadBlock() || IsZero(block)) return null;
            CheckChecksum();
            var (type, size) = ((char)block[TypeAt], ReadNumber(SizeAt, NumberLength, "size"));
            SetContent(size);
            switch (type)
            {
                case 'x' or 'X':
                    (longName, longSize) = ReadRecords(longName, longSize);
                    break;
                case 'L':
                    longName = Text(ReadHeader());
                    break;
                case 'g' or 'K':        // of the archive; of a link, which the next entry is
                    _ = ReadHeader();
                    break;
                default:
                    if (longSize is { } more) SetContent(more);
                    var name = longName ?? Name();
                    return new(name, Kind(type, name), left);
            }
        }
    }

    /// <summary>Reads the next bytes of the current entry's content; 0 at its end.</summary>
    /// <exception cref="InvalidDataException">The archive was cut.</exception>
    public int Read(Span<byte> buffer)
    {
        if (left == 0 || buffer.IsEmpty) return 0;
        var count = stream.Read(buffer[..(int)Math.Min(left, buffer.Length)]);
        if (count == 0) throw new InvalidDataException("It is truncated within an entry.");
        left -= count;
        return count;
    }

    private void SetContent(long size)
    {
        left = size;
        padding = (BlockSize - size % BlockSize) % BlockSize;
    }

    private static TarMemberKind Kind(char type, string name) => type switch
    {
        '0' or '7' => TarMemberKind.File,
        '\0' => name.EndsWith('/') ? TarMemberKind.Directory : TarMemberKind.File,     // V7 has no type for a folder
        '1' => TarMemberKind.HardLink,
        '2' => TarMemberKind.SymbolicLink,
        '3' or '4' => TarMemberKind.Device,
        '5' => TarMemberKind.Directory,
        '6' => TarMemberKind.Pipe,
        _ => TarMemberKind.Unknown,
    };

    /// <summary>Reads the entry's content, which is a header of the next entry.</summary>
    private byte[] ReadHeader()
    {
        if (left > MaxExtendedHeader)
            throw new InvalidDataException($"A header has {left} bytes; at most {MaxExtendedHeader} are read.");
        var bytes = new byte[left];
        for (var done = 0; done < bytes.Length;) done += Read(bytes.AsSpan(done));
        return bytes;
    }

    /// <summary>Reads records such as <c>30 path=a/long/name.bin\n</c>; those of other keys are ignored.</summary>
    private (string? Name, long? Size) ReadRecords(string? name, long? size)
    {
        ReadOnlySpan<byte> rest = ReadHeader();
        while (!rest.IsEmpty)
        {
            var space = rest.IndexOf((byte)' ');
            if (space is < 1 or > 9
                || !int.TryParse(rest[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= space + 1 || length > rest.Length || rest[length - 1] != '\n')
                throw new InvalidDataException("A record of an extended header is malformed.");
            var record = rest[(space + 1)..(length - 1)];
            rest = rest[length..];
            var equals = record.IndexOf((byte)'=');
            if (equals < 1) throw new InvalidDataException("A record of an extended header has no key.");
            var key = Text(record[..equals]);
            var value = record[(equals + 1)..];
            if (key == "path") name = Encoding.UTF8.GetString(value);
            else if (key == "size")
                size = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                    ? bytes
                    : throw new InvalidDataException("A size in an extended header is no number.");
            else if (key.StartsWith("GNU.sparse.", StringComparison.Ordinal))
                throw new InvalidDataException("Sparse files are not supported.");
        }

        return (name, size);
    }

    private string Name()
    {
        var name = Text(block.AsSpan(0, NameLength));
        var isPosix = block.AsSpan(MagicAt, 6).SequenceEqual("ustar\0"u8);      // GNU has other fields at the prefix
        var prefix = isPosix ? Text(block.AsSpan(PrefixAt, PrefixLength)) : "";
        return prefix.Length > 0 ? $"{prefix}/{name}" : name;
    }

    private void CheckChecksum()
    {
        var sum = ChecksumLength * ' ';         // its own field counts as spaces
        for (var i = 0; i < BlockSize; i++)
            if (i is < ChecksumAt or >= ChecksumAt + ChecksumLength)
                sum += block[i];
        var told = ReadNumber(ChecksumAt, ChecksumLength, "checksum");
        if (told != sum) throw new InvalidDataException($"A header's checksum is {told}; expected {sum}.");
    }

    /// <summary>A number in octal digits, or in binary if its first bit is set.</summary>
    private long ReadNumber(int at, int length, string what)
    {
        ReadOnlySpan<byte> field = block.AsSpan(at, length);
        long value = 0;
        if ((field[0] & 0x80) != 0)
        {
            var isTooLarge = (field[0] & 0x7F) != 0 || field[1..^7].IndexOfAnyExcept((byte)0) >= 0;
            foreach (var b in field[^7..]) value = value << 8 | b;
            return !isTooLarge ? value : throw new InvalidDataException($"A header has an impossible {what}.");
        }

        var digits = field.Trim((byte)' ').TrimEnd((byte)0).TrimEnd((byte)' ');
        foreach (var digit in digits)
            value = digit is >= (byte)'0' and <= (byte)'7'
                ? value << 3 | (long)(digit - '0')
                : throw new InvalidDataException($"A header has the {what} {Quote(Text(field))}, which is no number.");
        return value;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;

    /// <returns>False at the end of the archive.</returns>
    private bool ReadBlock()
    {
        var count = stream.ReadAtLeast(block, BlockSize, throwOnEndOfStream: false);
        return count is 0 or BlockSize
            ? count > 0
            : throw new InvalidDataException("It is truncated within a header.");
    }

    private void Skip(long bytes)
    {
        Span<byte> ignored = stackalloc byte[BlockSize];
        while (bytes > 0)
        {
            var count = stream.Read(ignored[..(int)Math.Min(bytes, BlockSize)]);
            if (count == 0) throw new InvalidDataException("It is truncated within an entry.");
            bytes -= count;
        }
    }
}

/// <summary>An entry of a tar archive.</summary>
/// <param name="Name">Its path, not checked.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Length">The bytes of its content.</param>
internal readonly record struct TarMember(string Name, TarMemberKind Kind, long Length);

/// <summary>What an entry of a tar archive is.</summary>
internal enum TarMemberKind
{
    /// <summary>A plain file.</summary>
    File,

    /// <summary>A folder.</summary>
    Directory,

    /// <summary>Another name of a file.</summary>
    HardLink,

    /// <summary>A path to another file.</summary>
    SymbolicLink,

    /// <summary>A block or character device.</summary>
    Device,

    /// <summary>A named pipe.</summary>
    Pipe,

    /// <summary>Anything else, such as a sparse file.</summary>
    Unknown,
}
