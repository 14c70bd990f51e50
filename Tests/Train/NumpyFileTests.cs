using System.Text;
using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class NumpyFileTests
{
    [Test]
    public void WritesTheBytesOfFormatOne()
    {
        using var folder = new TemporaryFolder();
        NumpyFile.Write(folder["a.npy"], [1, -2, 0.5f, float.NaN, 3.5f, 1e-40f], rows: 2, columns: 3);

        // The header as numpy.save writes it: padded with spaces to a multiple of 64 bytes, ending in a newline.
        var dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".PadRight(128 - 10 - 1) + "\n";
        byte[] expected =
        [
            0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(dictionary),
            0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x3F,
            0, 0, 0xC0, 0xFF, 0, 0, 0x60, 0x40, 0xC2, 0x16, 0x01, 0,
        ];
        Assert.That(File.ReadAllBytes(folder["a.npy"]), Is.EqualTo(expected));
    }

    [Test]
    public void ValuesBeginAtAMultipleOf64ForEveryLengthOfTheHeader(
        [Values(0, 1, 10, 12345, 2_000_000_000)] int rows)
    {
        // No columns, no values: the header alone, however large the extents.
        using var folder = new TemporaryFolder();
        NumpyFile.Write(folder["a.npy"], [], rows, columns: 0);
        var bytes = File.ReadAllBytes(folder["a.npy"]);
        Assert.That(bytes.Length % 64, Is.Zero);
        Assert.That(bytes[^1], Is.EqualTo((byte)'\n'));
        Assert.That(BitConverter.ToUInt16(bytes, 8), Is.EqualTo(bytes.Length - 10));
    }

    [Test]
    public void RefusesAWrongNumberOfValues()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => NumpyFile.Write(folder["a.npy"], [1, 2, 3], 2, 2),
            Throws.ArgumentException.With.Message.Contains("3 values for 2 rows of 2"));
        Assert.That(File.Exists(folder["a.npy"]), Is.False);
    }
}
