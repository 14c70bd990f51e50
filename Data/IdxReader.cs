using System.Buffers.Binary;

namespace PyNetSharp.Data;

/// <summary>Reads IDX files of bytes, plain or compressed with gzip (recognized by content, not by name).</summary>
/// <remarks>
/// An IDX file is two zero bytes, the type (8: bytes), the number of extents, each extent as a big-endian 32-bit
/// number, then the data, row-major. The memory that a header announces is allocated only if the file is long enough to
/// hold it.
/// </remarks>
/// <seealso href="https://yann.lecun.org/exdb/mnist/index.html">The format, at the end of the MNIST page</seealso>
public static class IdxReader
{
    private const int TypeByte = 8;
    private const int MaxRank = 3;
    private const int MaxSide = 1 << 14;
    private const long MaxDeflateRatio = 1032;    // no deflate stream expands further: https://zlib.net/zlib_tech.html

    /// <summary>Reads the images of an idx3 file.</summary>
    /// <returns>All pixels, and the shape [1, rows, columns] of each image.</returns>
    /// <exception cref="InputException">
    /// The file is missing, not idx3, truncated, too long or not valid gzip.
    /// </exception>
    public static (byte[] Pixels, Shape Image) ReadImages(string path)
    {
        var (data, extents) = Read(path, rank: 3, "images");
        return (data, [1, extents[1], extents[2]]);
    }

    /// <summary>Reads the labels of an idx1 file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <returns>One label in [0, <paramref name="classes"/>) per item.</returns>
    /// <exception cref="InputException">
    /// The file is missing, not idx1, truncated, too long, not valid gzip or holds a wrong label.
    /// </exception>
    public static int[] ReadLabels(string path, int classes)
    {
        var (data, _) = Read(path, rank: 1, "labels");
        var labels = new int[data.Length];
        for (var i = 0; i < data.Length; i++)
            labels[i] = data[i] < classes
                ? data[i]
                : throw new InputException(
                    $"'{path}', record {i}, offset {HeaderBytes(1) + i}: label {data[i]}; expected 0…{classes - 1}.");
        return labels;
    }

    private static (byte[] Data, int[] Extents) Read(string path, int rank, string what) => DataFile.Read(path, file =>
    {
        Span<byte> start = stackalloc byte[2];
        var isGzip = file.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start is [0x1F, 0x8B];
        file.Position = 0;
        if (!isGzip) return ReadStream(file, path, rank, what, file.Length);

        try
        {
            using var decompressed = new CheckedGZipStream(file);
            return ReadStream(decompressed, path, rank, what, file.Length * MaxDeflateRatio);
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"'{path}' is not valid gzip: {e.Message}", e);
        }
    });

    /// <summary>Reads header and data of a stream that cannot be longer than <paramref name="maxBytes"/>.</summary>
    private static (byte[] Data, int[] Extents) ReadStream(
        Stream stream, string path, int rank, string what, long maxBytes)
    {
        var extents = ReadExtents(stream, path, rank, what);
        var size = extents.Aggregate(1L, (product, extent) => product * extent);
        var claim = $"{what} of extents {string.Join("×", extents)} ({size} bytes)";
        if (size > DataFile.MaxBytes)
            throw new InputException($"'{path}' announces {claim}; at most {DataFile.MaxBytes} bytes are read.");
        if (HeaderBytes(rank) + size > maxBytes)
            throw new InputException(
                $"'{path}' announces {claim}, which it is too short to hold: its header is invalid or it is " +
                "truncated.");

        var data = GC.AllocateUninitializedArray<byte>((int)size);
        var read = stream.ReadAtLeast(data, data.Length, throwOnEndOfStream: false);
        if (read < data.Length)
            throw new InputException($"'{path}' announces {claim} but ends after {read}: it is truncated.");
        if (stream.ReadByte() >= 0)                          // reading to the end also verifies the gzip checksum
            throw new InputException(
                $"'{path}' announces {claim} but continues after them, at offset {HeaderBytes(rank) + size}.");
        return (data, extents);
    }

    private static int[] ReadExtents(Stream stream, string path, int rank, string what)
    {
        Span<byte> header = stackalloc byte[HeaderBytes(MaxRank)];
        header = header[..HeaderBytes(rank)];
        var read = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (read < header.Length)
            throw new InputException($"'{path}' ends within its header, after {read} of {header.Length} bytes.");

        var magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        var expected = (uint)(TypeByte << 8 | rank);
        if (magic != expected)
            throw new InputException(
                $"'{path}', offset 0: magic number 0x{magic:X8}; expected 0x{expected:X8} for {what} " +
                $"(IDX, bytes, {rank} extents).");

        var extents = new int[rank];
        for (var i = 0; i < rank; i++)
        {
            var extent = BinaryPrimitives.ReadUInt32BigEndian(header[(4 + 4 * i)..]);
            var max = i == 0 ? DataFile.MaxBytes : MaxSide;
            extents[i] = extent >= 1 && extent <= max
                ? (int)extent
                : throw new InputException($"'{path}', offset {4 + 4 * i}: extent {i} is {extent}; expected 1…{max}.");
        }

        return extents;
    }

    private static int HeaderBytes(int rank) => 4 + 4 * rank;
}
