using System.Buffers.Binary;
using System.IO.Compression;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Valid files with random damage give an <see cref="InputException"/> or the values of the damaged bytes.
/// </summary>
public sealed class DataMutationTests
{
    private const int Mutations = 10_000;
    private const long MaxMemory = 16 << 20;               // of one read; the files have a few kilobytes

    [Test]
    public void DamagedCifarFiles()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteCifar10(folder.Name, records: 1);
        Damage(folder["data_batch_1.bin"], DataFiles.Cifar(1, [1, 2]), content =>
        {
            var train = (ImageDataset)CifarReader.ReadCifar10(folder.Name).Train;
            Assert.That(content.Length, Is.EqualTo((train.Count - 4) * 3073));
            for (var i = 0; i < train.Count - 4; i++)
            {
                Assert.That(train.Labels[i], Is.EqualTo(content[3073 * i]));
                Assert.That(train.GetPixels(i).SequenceEqual(content.AsSpan(3073 * i + 1, 3072)), Is.True);
            }
        });
    }

    [Test]
    public void DamagedIdxFiles() =>
        Damage(DataFiles.Idx([5, 6, 7], DataFiles.Bytes(210, new Rng(1))), path => IdxReader.ReadImages(path), Bytes);

    [Test]
    public void DamagedZippedIdxFiles() =>
        Damage(
            DataFiles.Gzip(DataFiles.Idx([5, 6, 7], DataFiles.Bytes(210, new Rng(1)))),
            path => IdxReader.ReadImages(path),
            Unzip);

    [Test]
    public void DamagedPgmFiles()
    {
        using var folder = new TemporaryFolder();
        byte[][] images = [DataFiles.PgmBinary(5, 4, new byte[20]), DataFiles.PgmText(5, 4, new byte[20])];
        foreach (var image in images)
            Damage(folder["1.pgm"], image, mutations: 1_000, check: _ =>
            {
                var (pixels, shape) = PgmReader.Read(folder["1.pgm"]);
                Assert.That(pixels, Has.Length.EqualTo(shape.Size));
            });
    }

    private static void Damage(
        byte[] valid, Func<string, (byte[] Pixels, Shape Image)> read, Func<byte[], byte[]> content)
    {
        using var folder = new TemporaryFolder();
        Damage(folder["images"], valid, damaged =>
        {
            var (pixels, image) = read(folder["images"]);
            var plain = content(damaged);
            int[] extents = [pixels.Length / image.Size, image[1], image[2]];
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(plain), Is.EqualTo(0x803));
            for (var i = 0; i < 3; i++)
                Assert.That(BinaryPrimitives.ReadInt32BigEndian(plain.AsSpan(4 + 4 * i)), Is.EqualTo(extents[i]));
            Assert.That(pixels.AsSpan().SequenceEqual(plain.AsSpan(16)), Is.True);
        });
    }

    /// <summary>
    /// Writes damaged versions of a file; <paramref name="check"/> reads each and compares with its content.
    /// </summary>
    private static void Damage(string path, byte[] valid, Action<byte[]> check, int mutations = Mutations)
    {
        var (refused, read) = (0, 0);
        File.WriteAllBytes(path, valid);
        check(valid);
        for (var i = 0; i < mutations; i++)
        {
            var damaged = Mutate(valid, new Rng(2024).Split((ulong)i));
            File.WriteAllBytes(path, damaged);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                check(damaged);
                read++;
            }
            catch (InputException e)
            {
                Assert.That(e.Message, Does.Contain(Path.GetFileName(path)), $"mutation {i}");
                refused++;
            }
            catch (Exception e) when (e is not AssertionException)
            {
                Assert.Fail($"mutation {i}: {e}");
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(MaxMemory), $"mutation {i}");
        }

        Assert.That(
            (refused, read),
            Is.Not.EqualTo((0, mutations)).And.Not.EqualTo((mutations, 0)),
            "the damage tests one side only");
    }

    /// <summary>
    /// One to three of: a bit flipped, a byte or a word replaced (often in the header), a truncation, bytes inserted or
    /// removed.
    /// </summary>
    private static byte[] Mutate(byte[] valid, Rng rng)
    {
        List<byte> file = [.. valid];
        for (var edits = 1 + rng.Next(3); edits > 0 && file.Count > 8; edits--)
        {
            var at = rng.Next(rng.Next(2) == 0 ? Math.Min(20, file.Count) : file.Count);
            switch (rng.Next(6))
            {
                case 0: file[at] ^= (byte)(1 << rng.Next(8)); break;
                case 1: file[at] = (byte)rng.NextUInt64(); break;
                case 2:
                    for (var i = at; i < Math.Min(at + 4, file.Count); i++)
                        file[i] = rng.Next(2) == 0 ? (byte)0xFF : (byte)rng.NextUInt64();
                    break;
                case 3: file.RemoveRange(at, file.Count - at); break;
                case 4: file.InsertRange(at, DataFiles.Bytes(1 + rng.Next(5000), rng)); break;
                default: file.RemoveRange(at, Math.Min(file.Count - at, 1 + rng.Next(20))); break;
            }
        }

        return [.. file];
    }

    private static byte[] Bytes(byte[] content) => content;

    private static byte[] Unzip(byte[] content)
    {
        if (content is not [0x1F, 0x8B, ..]) return content;
        using var zip = new GZipStream(new MemoryStream(content), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        zip.CopyTo(plain);
        return plain.ToArray();
    }
}
