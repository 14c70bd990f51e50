using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class AtomicFileTests
{
    [Test]
    public void ReplacesTheContent()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a"], "old and longer");
        AtomicFile.Write(folder["a"], stream => stream.Write("new"u8));
        Assert.That(File.ReadAllText(folder["a"]), Is.EqualTo("new"));
        Assert.That(Directory.GetFiles(folder.Name), Has.Length.EqualTo(1), "only the file is left");
    }

    [Test]
    public void TheNameAppearsOnlyWhenTheContentIsWhole()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.Write(folder["a"], stream =>
        {
            stream.Write("half"u8);
            stream.Flush();
            Assert.That(File.Exists(folder["a"]), Is.False);
        });
        Assert.That(File.Exists(folder["a"]), Is.True);
    }

    [Test]
    public void AFailedWriteChangesNothing()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a"], "old");

        Assert.That(
            () => AtomicFile.Write(folder["a"], Fail),
            Throws.TypeOf<InvalidOperationException>().With.Message.EqualTo("midway"));

        Assert.That(File.ReadAllText(folder["a"]), Is.EqualTo("old"));
        Assert.That(Directory.GetFiles(folder.Name), Has.Length.EqualTo(1), "no temporary file is left");

        static void Fail(Stream stream)
        {
            stream.Write("half"u8);
            throw new InvalidOperationException("midway");
        }
    }

    [Test]
    public void AFullDiskIsNamedWithTheFile()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => AtomicFile.Write(folder["a"], _ => throw new IOException("No space left on device")),
            Throws.TypeOf<InputException>().With.Message.EqualTo(
                $"'{folder["a"]}' cannot be written: No space left on device"));
    }

    [Test]
    public void PlacesWhereNoFileCanBeAreNamed()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => AtomicFile.Write(folder.Name, _ => { }),
            Throws.TypeOf<InputException>().With.Message.Contains("it is a folder"));
        Assert.That(
            () => AtomicFile.Write(Path.Combine(folder["missing"], "a"), _ => { }),
            Throws.TypeOf<InputException>().With.Message.Contains($"its folder '{folder["missing"]}' does not exist"));
    }
}
