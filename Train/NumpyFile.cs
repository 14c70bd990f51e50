using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>Writes matrices as NumPy files (<c>.npy</c>), which <c>numpy.load</c> reads.</summary>
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

        AtomicFile.Write(path, values, (stream, values) =>
        {
            stream.Write(Header(rows, columns));
            LittleEndian.Write(stream, values);
        });
    }

    private static byte[] Header(int rows, int columns)
    {
        var description = string.Create(
            CultureInfo.InvariantCulture,
            $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");

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
