using System.Text;
using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class OrlReaderTests
{
    [Test]
    public void ReadsPersonsInTheOrderOfTheirNumbers()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteOrl(folder.Name, persons: 11, images: 10);
        File.WriteAllText(folder["README"], "no image");
        File.WriteAllText(folder["s1/notes.pgm"], "no image either, for its name is no number");
        var (train, test) = OrlReader.Read(folder.Name);

        Assert.That((train.Count, test.Count), Is.EqualTo((88, 22)));
        Assert.That(train.ClassNames, Is.EqualTo(Enumerable.Range(1, 11).Select(p => $"s{p}")));
        Assert.That(train.ItemShape, Is.EqualTo(Shape.Create([1, 2, 3])));
        Assert.That((test.Labels[2], test.Labels[21]), Is.EqualTo((1, 10)));
        Assert.That(DataFiles.ReadItem(train, 8), Is.All.EqualTo(21 / 255f));       // s2/1.pgm, binary
        Assert.That(DataFiles.ReadItem(test, 3), Is.All.EqualTo(30 / 255f));        // s2/10.pgm, text
    }

    [Test]
    public void ScalesGraysToWhite()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["1.pgm"], DataFiles.PgmText(2, 2, [0, 1, 7, 15], white: 15));
        Assert.That(PgmReader.Read(folder["1.pgm"]).Pixels, Is.EqualTo(new byte[] { 0, 17, 119, 255 }));
    }

    [TestCase("P6\n2 2\n255\n", "expected P5 or P2")]
    [TestCase("", "expected P5 or P2")]
    [TestCase("P5\n2 x\n255\n", "offset 5: no number for the height")]
    [TestCase("P5\n2 2", "no number for the value of white")]
    [TestCase("P5\n0 2\n255\n", "the width is 0")]
    [TestCase("P5\n2 0\n255\n", "the height is 0")]
    [TestCase("P5\n99999999999 2\n255\n", "the width is above 16384; expected 1…16384")]
    [TestCase("P5\n2 2\n65535\nabcdefgh", "the value of white is above 255; expected 1…255")]
    [TestCase("P5\n2 2\n255\nabc", "has 3 bytes of pixels from offset 11 on; expected 4")]
    [TestCase("P5\n2 2\n255\nabcde", "has 5 bytes of pixels")]
    [TestCase("P5\n2 2\n255", "has 0 bytes of pixels")]
    [TestCase("P5\n2 2\n255#abcd", "expected white space")]
    [TestCase("P5\n2 2\n9\nabcd", "pixel 0: 97; expected 0…9")]
    [TestCase("P2\n16384 16384\n255\n1 2 3", "too few for 268435456 pixels")]
    [TestCase("P2\n2 2\n255\n1 2 3 ", "no number for pixel 3")]
    [TestCase("P2\n2 2\n255\n1 2 3 256", "pixel 3 is above 255")]
    [TestCase("P2\n2 2\n255\n1 2 3 4 5", "more than the 4 pixels")]
    public void RefusesInvalidImages(string content, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["1.pgm"], content, Encoding.Latin1);
        Assert.That(
            () => PgmReader.Read(folder["1.pgm"]),
            Throws.InstanceOf<InputException>().With.Message.Contains("1.pgm").And.Message.Contains(message));
    }

    [Test]
    public void RefusesImagesThatDoNotFit()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteOrl(folder.Name);
        File.WriteAllBytes(folder["s2/3.pgm"], DataFiles.PgmBinary(2, 3, new byte[6]));
        Assert.That(
            () => OrlReader.Read(folder.Name),
            Throws.InstanceOf<InputException>().With.Message.Contains("3.pgm' has the shape [1, 3, 2]"));

        Directory.Delete(folder["s2"], recursive: true);
        Directory.CreateDirectory(folder["s2"]);
        Assert.That(
            () => OrlReader.Read(folder.Name),
            Throws.InstanceOf<InputException>().With.Message.Contains("has 0 images"));
    }
}
