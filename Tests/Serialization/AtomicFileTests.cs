using Microsoft.Win32.SafeHandles;
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

    /// <summary>They are no devices, which are written to directly.</summary>
    [Test]
    [Platform("Linux")]
    public void FilesInSharedMemoryAreReplaced()
    {
        var folder = $"/dev/shm/{Path.GetRandomFileName()}";
        if (!Directory.Exists("/dev/shm")) Assert.Ignore("there is no /dev/shm here");
        Directory.CreateDirectory(folder);
        try
        {
            var file = Path.Combine(folder, "a");
            File.WriteAllText(file, "old and longer");
            AtomicFile.Write(file, stream => stream.Write("new"u8));
            Assert.That(File.ReadAllText(file), Is.EqualTo("new"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void TheNameAppearsOnlyWithTheCompleteContent()
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
    public void PathsWhereNoFileCanBeAreNamed()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => AtomicFile.Write(folder.Name, _ => { }),
            Throws.TypeOf<InputException>().With.Message.Contains("it is a folder"));
        Assert.That(
            () => AtomicFile.Write(Path.Combine(folder["missing"], "a"), _ => { }),
            Throws.TypeOf<InputException>().With.Message.Contains($"its folder '{folder["missing"]}' does not exist"));
    }

    [Test]
    public void A_link_is_kept_and_its_target_is_written()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("Links need rights on Windows.");
        using var folder = new TemporaryFolder();
        var target = Directory.CreateDirectory(folder["elsewhere"]);
        File.CreateSymbolicLink(folder["link"], Path.Combine(target.FullName, "real"));
        foreach (var content in (byte[][])[[1], [2, 3]])
        {
            AtomicFile.Write(folder["link"], stream => stream.Write(content));
            Assert.That(File.ReadAllBytes(Path.Combine(target.FullName, "real")), Is.EqualTo(content));
            Assert.That(new FileInfo(folder["link"]).LinkTarget, Is.Not.Null);
        }
    }

    /// <summary>The name of this process is a path below /proc that can be written to without harm.</summary>
    [Test]
    public void A_device_is_written_to_and_not_replaced()
    {
        const string name = "/proc/self/comm";
        if (!File.Exists(name)) Assert.Ignore($"There is no {name}.");
        var before = File.ReadAllText(name);
        AtomicFile.Write(name, stream => stream.Write("written"u8));
        Assert.That(File.ReadAllText(name).TrimEnd(), Is.EqualTo("written"));
        File.WriteAllText(name, before.TrimEnd());
    }

    /// <summary>.NET's own flush would pass over it, and the file would count as written.</summary>
    [Test]
    public void A_flush_that_fails_is_an_error()
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("Windows' flush reports its errors itself.");
        using var closed = new SafeFileHandle(123_456, ownsHandle: false);
        Assert.That(
            () => FileOperations.FlushToDisk(closed),
            Throws.TypeOf<IOException>().With.Message.StartsWith("The flush failed"));
    }
}
