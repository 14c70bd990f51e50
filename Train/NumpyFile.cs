using System.Buffers.Binary;
using System.Text;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>Writes arrays as NumPy files (<c>.npy</c>), which <c>numpy.load</c> reads.</summary>
/// <seealso href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">The NPY format</seealso>
internal static class NumpyFile
{
    private const int Alignment = 64;       // of the values' offset

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];

    /// <summary>Writes a matrix of 32-bit floats, little-endian, row after row, in format version 1.0.</summary>
    /// <param name="path">The file, replaced atomically if it exists.</param>
    /// <param name="values">rows · columns values, row after row.</param>
    /// <param name="rows">The first extent, at least 0.</param>
    /// <param name="columns">The second extent, at least 0.</param>
    /// <exception cref="ArgumentException">There are not rows · columns values.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<float> values, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (values.Length != (long)rows * columns)
            throw new ArgumentException($"{values.Length} values for {rows} rows of {columns}.", nameof(values));

        AtomicFile.Write(path, values, (stream, values) => Write(stream, values, $"{rows}, {columns}"));
    }

    /// <summary>Writes an array of any shape, row-major.</summary>
    public static void Write(Stream stream, ReadOnlySpan<float> values, Shape shape) =>
        Write(stream, values, shape.Rank == 1 ? $"{shape[0]}," : string.Join(", ", shape));

    /// <summary>Checks that a file can be written, before anything is computed.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The file; null for none.</param>
    /// <exception cref="InputException">It is a folder, or in one that does not exist.</exception>
    public static void CheckPath(string option, string? path)
    {
        if (path is null) return;
        if (Directory.Exists(path))
            throw new InputException($"{option} '{path}' is a folder; expected the name of a file.");
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new InputException($"{option} '{path}': its folder '{folder}' does not exist.");
    }

    private static void Write(Stream stream, ReadOnlySpan<float> values, string shape)
    {
        stream.Write(Header(shape));
        LittleEndian.Write(stream, values);
    }

    private static byte[] Header(string shape)
    {
        var description = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}";

        var prefix = Magic.Length + sizeof(ushort);
        var used = prefix + description.Length + 1;         // the description ends with a newline
        var header = new byte[(used + Alignment - 1) / Alignment * Alignment];
        header.AsSpan().Fill((byte)' ');
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(Magic.Length), (ushort)(header.Length - prefix));
        Encoding.ASCII.GetBytes(description, header.AsSpan(prefix));
        header[^1] = (byte)'\n';
        return header;
    }
}
