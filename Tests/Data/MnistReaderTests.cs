using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class MnistReaderTests
{
    [Test]
    public void ReadsEveryFormOfTheNames([Values] bool dots, [Values] bool zipped)
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder.Name, dots, zipped);
        var (train, test) = Read(folder.Name);

        Assert.That(DataFiles.Labels(train), Is.EqualTo(new[] { 3, 0, 9 }));
        Assert.That(DataFiles.Labels(test), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(train.ItemShape, Is.EqualTo(Shape.Create([1, 4, 5])));

        var rng = new Rng(7);
        var pixels = DataFiles.Bytes(60, rng);
        Assert.That(DataFiles.ReadItem(train, 2), Is.EqualTo(pixels[40..].Select(b => b / 255f)));
        Assert.That(DataFiles.ReadItem(test, 0), Is.EqualTo(DataFiles.Bytes(40, rng)[..20].Select(b => b / 255f)));
    }

    [Test]
    public void RecognizesGzipByContentAndNotByName()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder.Name);
        File.WriteAllBytes(folder["train-labels-idx1-ubyte"], DataFiles.Gzip(DataFiles.Idx([3], [1, 1, 1])));
        Assert.That(DataFiles.Labels(Read(folder.Name).Train), Is.EqualTo(new[] { 1, 1, 1 }));
    }

    [Test]
    public void RefusesPartsThatDoNotMatch()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder.Name);
        File.WriteAllBytes(folder["train-labels-idx1-ubyte"], DataFiles.Idx([2], [1, 1]));
        AssertFault(folder, "has 3 images", "train-labels-idx1-ubyte' has 2 labels");

        DataFiles.WriteMnist(folder.Name);
        File.WriteAllBytes(folder["t10k-images-idx3-ubyte"], DataFiles.Idx([2, 5, 4], new byte[40]));
        AssertFault(folder, "[1, 4, 5] and test images [1, 5, 4]");

        File.Delete(folder["t10k-images-idx3-ubyte"]);
        AssertFault(folder, "t10k-images-idx3-ubyte' is not available");
    }

    [Test]
    public void RefusesWrongLabels()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder.Name);
        File.WriteAllBytes(folder["train-labels-idx1-ubyte"], DataFiles.Idx([3], [9, 10, 0]));
        AssertFault(folder, "train-labels-idx1-ubyte', record 1, offset 9: label 10; expected 0…9");
    }

    [Test]
    public void RefusesInvalidImages([Values] bool zipped)
    {
        var good = DataFiles.Idx([3, 4, 5], new byte[60]);
        AssertImageFault(zipped, [], "ends within its header, after 0 of 16 bytes");
        AssertImageFault(zipped, good[..15], "ends within its header, after 15 of 16 bytes");
        AssertImageFault(zipped, DataFiles.Idx([3], [0, 0, 0]), "", "header");
        AssertImageFault(zipped, DataFiles.Idx([3, 4], new byte[12]), "magic number 0x00000802; expected 0x00000803");
        AssertImageFault(zipped, good[..^1], zipped ? "ends after 59" : "too short to hold");
        AssertImageFault(zipped, [.. good, 1], "but continues after them, at offset 76");
        AssertImageFault(zipped, DataFiles.Idx([0, 4, 5], []), "offset 4: extent 0 is 0");
        AssertImageFault(zipped, DataFiles.Idx([1, 4, -1], []), "offset 12: extent 2 is 4294967295");
        AssertImageFault(
            zipped, DataFiles.Idx([400_000_000, 16384, 16384], new byte[60]), "at most 469762048 bytes are read");
        AssertImageFault(zipped, DataFiles.Idx([400_000_000, 1, 1], new byte[60]), "too short to hold");
    }

    [Test]
    public void RefusesDamagedGzip()
    {
        using var folder = new TemporaryFolder();
        var zipped = DataFiles.Gzip(DataFiles.Idx([3, 4, 5], DataFiles.Bytes(60, new Rng(1))));

        var cut = zipped[..^20];
        DataFiles.WriteMnist(folder.Name);
        File.WriteAllBytes(folder["train-images-idx3-ubyte"], cut);
        AssertFault(folder, "train-images-idx3-ubyte'");

        zipped[^6] ^= 1;                                    // the checksum of the content
        File.WriteAllBytes(folder["train-images-idx3-ubyte"], zipped);
        AssertFault(folder, "train-images-idx3-ubyte' is not valid gzip: It is invalid");
    }

    /// <summary>As gunzip refuses it, although all of its content can be decompressed.</summary>
    [TestCase("train-images-idx3-ubyte", 8)]
    [TestCase("train-images-idx3-ubyte", 4)]
    [TestCase("train-labels-idx1-ubyte", 8)]
    [TestCase("t10k-labels-idx1-ubyte", 1)]
    public void RefusesGzipWithoutItsChecksum(string file, int missing)
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder.Name);
        var zipped = DataFiles.Gzip(File.ReadAllBytes(folder[file]));
        File.WriteAllBytes(folder[file], zipped);
        Assert.That(Read(folder.Name).Train.Count, Is.EqualTo(3));

        File.WriteAllBytes(folder[file], zipped[..^missing]);
        AssertFault(folder, $"{file}' is not valid gzip: It is truncated");
    }

    [Test]
    public void ReadsGzipOfManyMembersAndWithPadding()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder.Name);
        var images = File.ReadAllBytes(folder["train-images-idx3-ubyte"]);
        var before = DataFiles.ReadItem(Read(folder.Name).Train, 2);
        File.WriteAllBytes(
            folder["train-images-idx3-ubyte"],
            [
                .. DataFiles.Gzip(images[..3]), .. DataFiles.Gzip(images[3..20]), .. DataFiles.Gzip(images[20..]),
                .. new byte[512],
            ]);
        Assert.That(DataFiles.ReadItem(Read(folder.Name).Train, 2), Is.EqualTo(before));
    }

    [Test]
    public void AGzipBombCostsNoMemory()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder.Name);
        var content = new byte[100_000_000];                // a hundred kilobytes when compressed
        DataFiles.Idx([3, 4, 5], new byte[60]).CopyTo(content, 0);
        File.WriteAllBytes(folder["train-images-idx3-ubyte"], DataFiles.Gzip(content));

        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertFault(folder, "continues after them");
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(10_000_000));
    }

    [Test]
    public void ClassesAreTheDigits() =>
        Assert.That(MnistReader.Digits, Is.EqualTo(new[] { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" }));

    private static TrainTestSplit Read(string folder) => MnistReader.Read(folder, "mnist", MnistReader.Digits);

    private static void AssertImageFault(bool zipped, byte[] content, params string[] messages)
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder.Name);
        File.WriteAllBytes(folder["train-images-idx3-ubyte"], zipped ? DataFiles.Gzip(content) : content);
        AssertFault(folder, ["train-images-idx3-ubyte", .. messages]);
    }

    private static void AssertFault(TemporaryFolder folder, params string[] messages)
    {
        var fault = Assert.Throws<InputException>(() => Read(folder.Name))!;
        foreach (var message in messages) Assert.That(fault.Message, Does.Contain(message));
    }
}
