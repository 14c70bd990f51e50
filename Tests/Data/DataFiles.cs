using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace PyNetSharp.Tests;

/// <summary>Makes the content of small data files in the published formats.</summary>
internal static class DataFiles
{
    public const int CifarImage = 3 * 32 * 32;

    /// <summary>
    /// Records of random pixels; <paramref name="labels"/> holds the label bytes of all records in turn.
    /// </summary>
    public static byte[] Cifar(int labelBytes, byte[] labels, ulong seed = 0)
    {
        var rng = new Rng(seed);
        using var file = new MemoryStream();
        for (var i = 0; i < labels.Length; i += labelBytes)
        {
            file.Write(labels, i, labelBytes);
            file.Write(Bytes(CifarImage, rng));
        }

        return file.ToArray();
    }

    /// <summary>Writes all six files of CIFAR-10: record k of file f has the label (f + k) mod 10.</summary>
    public static void WriteCifar10(string folder, int records = 2)
    {
        Directory.CreateDirectory(folder);
        string[] names = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin"), "test_batch.bin"];
        for (var f = 0; f < names.Length; f++)
        {
            byte[] labels = [.. Enumerable.Range(f, records).Select(label => (byte)(label % 10))];
            File.WriteAllBytes(Path.Combine(folder, names[f]), Cifar(1, labels, (ulong)f));
        }
    }

    public static byte[] Idx(int[] extents, byte[] data)
    {
        var file = new byte[4 + 4 * extents.Length + data.Length];
        file[2] = 8;
        file[3] = (byte)extents.Length;
        for (var i = 0; i < extents.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 + 4 * i), extents[i]);
        data.CopyTo(file, 4 + 4 * extents.Length);
        return file;
    }

    /// <summary>Writes the four files of an MNIST-like set of 3 training and 2 test images, 4×5 pixels.</summary>
    public static void WriteMnist(string folder, bool dots = false, bool zipped = false)
    {
        Directory.CreateDirectory(folder);
        var rng = new Rng(7);
        Write("train-images", "idx3", Idx([3, 4, 5], Bytes(60, rng)));
        Write("train-labels", "idx1", Idx([3], [3, 0, 9]));
        Write("t10k-images", "idx3", Idx([2, 4, 5], Bytes(40, rng)));
        Write("t10k-labels", "idx1", Idx([2], [1, 2]));

        void Write(string stem, string kind, byte[] content)
        {
            var path = Path.Combine(folder, $"{stem}{(dots ? '.' : '-')}{kind}-ubyte{(zipped ? ".gz" : "")}");
            File.WriteAllBytes(path, zipped ? Gzip(content) : content);
        }
    }

    public static byte[] Gzip(byte[] content)
    {
        using var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionLevel.Optimal)) zip.Write(content);
        return zipped.ToArray();
    }

    public static byte[] PgmBinary(int columns, int rows, byte[] pixels, int white = 255) =>
        [.. Encoding.ASCII.GetBytes($"P5\n# a comment\n{columns} {rows}\n{white}\n"), .. pixels];

    public static byte[] PgmText(int columns, int rows, byte[] pixels, int white = 255) =>
        Encoding.ASCII.GetBytes($"P2 {columns} {rows} # size\n{white}\n{string.Join('\n', pixels)}\n");

    /// <summary>Writes faces of 3×2 pixels; image i of person p is all 10·p + i.</summary>
    public static void WriteOrl(string folder, int persons = 3, int images = 5)
    {
        for (var p = 1; p <= persons; p++)
        {
            Directory.CreateDirectory(Path.Combine(folder, $"s{p}"));
            for (var i = 1; i <= images; i++)
            {
                byte[] pixels = [.. Enumerable.Repeat((byte)(10 * p + i), 6)];
                File.WriteAllBytes(
                    Path.Combine(folder, $"s{p}", $"{i}.pgm"),
                    i % 2 == 0 ? PgmText(3, 2, pixels) : PgmBinary(3, 2, pixels));
            }
        }
    }

    public static byte[] Bytes(int count, Rng rng)
    {
        var bytes = new byte[count];
        foreach (ref var b in bytes.AsSpan()) b = (byte)rng.NextUInt64();
        return bytes;
    }

    public static float[] ReadItem(Dataset data, int index)
    {
        var item = new float[data.ItemShape.Size];
        data.Read(index, item);
        return item;
    }

    public static int[] Labels(Dataset data) => data.Labels.ToArray();
}
