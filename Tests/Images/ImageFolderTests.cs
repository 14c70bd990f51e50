using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Pictures in folders as a data set.</summary>
public sealed class ImageFolderTests
{
    private static readonly Shape Item = [3, 4, 4];

    private TemporaryFolder folder = null!;

    [SetUp]
    public void Create() => folder = new();

    [TearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void A_share_of_each_class_is_for_testing()
    {
        Fill("b", 10);
        Fill("a", 5);
        Fill("B", 1);
        var (train, test) = ImageFolder.Load(folder.Name, Item, new() { TestShare = 0.2, Seed = 4 });

        Assert.That(train.ClassNames, Is.EqualTo(["B", "a", "b"]));
        Assert.That(Counts(train), Is.EqualTo([1, 4, 8]));
        Assert.That(Counts(test), Is.EqualTo([0, 1, 2]));
        Assert.That(Keys(train).Intersect(Keys(test)), Is.Empty);

        var again = ImageFolder.Load(folder.Name, Item, new() { TestShare = 0.2, Seed = 4 });
        var other = ImageFolder.Load(folder.Name, Item, new() { TestShare = 0.2, Seed = 5 });
        Assert.That(Keys(again.Train), Is.EqualTo(Keys(train)));
        Assert.That(Keys(other.Train), Is.Not.EqualTo(Keys(train)));
    }

    [Test]
    public void Parts_are_read_as_they_are()
    {
        Fill("train/cat", 3);
        Fill("train/dog/inner", 2);
        Fill("test/dog", 1);
        var (train, test) = ImageFolder.Load(folder.Name, Item);
        Assert.That((Counts(train), Counts(test)), Is.EqualTo((new[] { 3, 2 }, new[] { 0, 1 })));
        Assert.That(ImageFolder.LoadAll(folder.Name, Item, ["ant", "dog"]).Labels.ToArray(), Is.EqualTo([1]));
    }

    [Test]
    public void Damaged_files_are_named_or_left_out()
    {
        Fill("a", 4);
        Fill("b", 4);
        File.WriteAllText(folder["b/notes.txt"], "text");
        File.WriteAllText(folder["b/.DS_Store"], "hidden");
        File.WriteAllBytes(folder["a/z.png"], File.ReadAllBytes(folder["a/0.png"])[..50]);

        var fault = Assert.Throws<ImageException>(() => ImageFolder.Load(folder.Name, Item))!;
        Assert.That(fault.Path, Does.EndWith("z.png").Or.EndWith("notes.txt"));

        var skipped = new List<ImageException>();
        var (train, test) = ImageFolder.Load(folder.Name, Item, new() { Skipped = skipped.AddRange });
        Assert.That(skipped.Select(file => Path.GetFileName(file.Path)), Is.EquivalentTo(["notes.txt", "z.png"]));
        Assert.That(train.Count + test.Count, Is.EqualTo(8));
    }

    [TestCase("train/a,train/b,test/c", "'", "c' is of no class; expected one of a, b")]
    [TestCase("a", "has a single folder")]
    [TestCase("", "has no folder")]
    public void Wrong_folders_are_named(string folders, params string[] said)
    {
        foreach (var name in folders.Split(',', StringSplitOptions.RemoveEmptyEntries)) Fill(name, 1);
        var fault = Assert.Throws<InputException>(() => ImageFolder.Load(folder.Name, Item))!;
        foreach (var text in said) Assert.That(fault.Message, Does.Contain(text));
    }

    [Test]
    public void An_empty_class_is_named()
    {
        Fill("a", 2);
        Directory.CreateDirectory(folder["b"]);
        Assert.That(
            Assert.Throws<InputException>(() => ImageFolder.Load(folder.Name, Item))!.Message,
            Does.Contain("b' has no pictures"));
    }

    /// <summary>Where there is no room, pictures are decoded each time, to the same values.</summary>
    [TestCase(0)]
    [TestCase(2 * 48)]
    [TestCase(1 << 20)]
    public void Values_do_not_depend_on_what_is_kept(long room)
    {
        Fill("a", 6);
        var pictures = ImageFolder.FindFiles(folder["a"])
            .Select(path => new DecodedPicture(new(path, 0), null)).ToArray();
        var data = new PictureDataset("some", ["a", "b"], Item, pictures, new(room));
        var loader = new DataLoader(data, 4, shuffle: false);
        var expected = pictures.SelectMany(p => p.Picture.Decode(Item).Select(b => b / 255f)).ToArray();
        for (var epoch = 0; epoch < 3; epoch++)
            Assert.That(loader.Epoch(epoch).SelectMany(batch => batch.X.ToArray()), Is.EqualTo(expected));
    }

    private void Fill(string name, int count)
    {
        Directory.CreateDirectory(folder[name]);
        for (var i = 0; i < count; i++)
        {
            var seed = (ulong)name.Sum(c => 1000 * c) + (ulong)(100 * i);
            byte[] pixels = [.. Enumerable.Range(0, 75).Select(_ => (byte)new Rng(seed++).Next(256))];
            File.WriteAllBytes(Path.Combine(folder[name], $"{i}.png"), ImageBytes.PngOf(pixels, 5));
        }
    }

    private static int[] Counts(Dataset data) =>
        [.. Enumerable.Range(0, data.ClassNames.Count).Select(k => data.Labels.ToArray().Count(label => label == k))];

    private static string[] Keys(Dataset data) =>
        [.. Enumerable.Range(0, data.Count).Select(i => string.Join(' ', DataFiles.ReadItem(data, i)))];
}
