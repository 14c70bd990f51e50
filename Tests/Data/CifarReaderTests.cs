using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class CifarReaderTests
{
    [Test]
    public void ReadsAllRecordsOfAllFilesInOrder()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteCifar10(folder.Name, records: 3);
        var (train, test) = CifarReader.ReadCifar10(folder.Name);

        Assert.That(DataFiles.Labels(train), Is.EqualTo(new[] { 0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 6 }));
        Assert.That(DataFiles.Labels(test), Is.EqualTo(new[] { 5, 6, 7 }));
        Assert.That(train.ItemShape, Is.EqualTo(Shape.Create([3, 32, 32])));
        Assert.That(train.ClassNames[9], Is.EqualTo("truck"));

        var file = File.ReadAllBytes(folder["data_batch_2.bin"]);
        var image = file.AsSpan(3073 + 1, 3072).ToArray();      // record 1 of file 2 is item 4
        Assert.That(DataFiles.ReadItem(train, 4), Is.EqualTo(image.Select(b => b / 255f)));
        Assert.That(((ImageDataset)train).GetPixels(4).ToArray(), Is.EqualTo(image));
    }

    [Test]
    public void ReadsAnImageOnlyWhenItIsFirstAccessed()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteCifar10(folder.Name, records: 3);
        var (train, _) = CifarReader.ReadCifar10(folder.Name);
        var image = ((ImageDataset)train).GetPixels(4).ToArray();

        using (var file = new FileStream(folder["data_batch_2.bin"], FileMode.Open)) file.SetLength(3073);
        Assert.That(((ImageDataset)train).GetPixels(4).ToArray(), Is.EqualTo(image));
        AssertFault(() => ((ImageDataset)train).GetPixels(5), "data_batch_2.bin", "ended while it was read");
    }

    [Test]
    public void TakesClassNamesFromTheFolder()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteCifar10(folder.Name);
        File.WriteAllText(folder["batches.meta.txt"], "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
        Assert.That(CifarReader.ReadCifar10(folder.Name).Test.ClassNames, Is.EqualTo("abcdefghij".Select(c => $"{c}")));

        File.WriteAllText(folder["batches.meta.txt"], "a\nb\u001b[2J\nc\nd\ne\nf\ng\nh\ni\nj\n");
        Assert.That(
            () => CifarReader.ReadCifar10(folder.Name),
            Throws.InstanceOf<InputException>().With.Message.Contains(
                "batches.meta.txt', line 2: 'b\\u001B[2J'; expected"));

        File.WriteAllText(folder["batches.meta.txt"], "a\nb\n");
        Assert.That(
            () => CifarReader.ReadCifar10(folder.Name),
            Throws.InstanceOf<InputException>().With.Message.Contains(
                "batches.meta.txt' has 2 class names; expected 10"));
    }

    [Test]
    public void ReadsFineAndCoarseLabels()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["train.bin"], DataFiles.Cifar(2, [19, 99, 0, 1]));
        File.WriteAllBytes(folder["test.bin"], DataFiles.Cifar(2, [4, 0]));

        var fine = CifarReader.ReadCifar100(folder.Name).Train;
        Assert.That(DataFiles.Labels(fine), Is.EqualTo(new[] { 99, 1 }));
        Assert.That((fine.ClassNames.Count, fine.ClassNames[99]), Is.EqualTo((100, "worm")));

        var coarse = CifarReader.ReadCifar100(folder.Name, coarse: true).Train;
        Assert.That(DataFiles.Labels(coarse), Is.EqualTo(new[] { 19, 0 }));
        Assert.That((coarse.ClassNames.Count, coarse.ClassNames[19]), Is.EqualTo((20, "vehicles_2")));
    }

    [TestCase(0, "is empty")]
    [TestCase(3073 + 3072, "has 6145 bytes, 3072 more than 1 records of 3073 bytes", Description = "cut")]
    [TestCase(2 * 3073 + 1, "has 6147 bytes, 1 more than 2 records", Description = "too long")]
    public void RefusesFilesWithAPartialRecord(int length, string message)
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteCifar10(folder.Name);
        File.WriteAllBytes(folder["data_batch_3.bin"], new byte[length]);
        AssertFault(() => CifarReader.ReadCifar10(folder.Name), "data_batch_3.bin", message);
    }

    [Test]
    public void NamesTheRecordOfAWrongLabel()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteCifar10(folder.Name);
        File.WriteAllBytes(folder["test_batch.bin"], DataFiles.Cifar(1, [9, 10]));
        AssertFault(
            () => CifarReader.ReadCifar10(folder.Name),
            "test_batch.bin",
            "record 1, offset 3073: label 10; expected 0…9");

        File.WriteAllBytes(folder["train.bin"], DataFiles.Cifar(2, [0, 0, 3, 100]));
        File.WriteAllBytes(folder["test.bin"], DataFiles.Cifar(2, [20, 0]));
        AssertFault(
            () => CifarReader.ReadCifar100(folder.Name),
            "train.bin",
            "record 1, offset 3075: label 100; expected 0…99");
        File.WriteAllBytes(folder["train.bin"], DataFiles.Cifar(2, [0, 0]));
        AssertFault(
            () => CifarReader.ReadCifar100(folder.Name),
            "test.bin",
            "record 0, offset 0: label 20; expected 0…19");
    }

    [Test]
    public void NamesAMissingFile()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteCifar10(folder.Name);
        File.Delete(folder["data_batch_4.bin"]);
        AssertFault(() => CifarReader.ReadCifar10(folder.Name), "data_batch_4.bin", "is missing");
    }

    private static void AssertFault(Action read, string file, string message) =>
        Assert.That(
            read, Throws.InstanceOf<InputException>().With.Message.Contains(file).And.Message.Contains(message));
}
