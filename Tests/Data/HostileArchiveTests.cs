using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Archives made to do harm, and such as are only unusual.</summary>
public sealed class HostileArchiveTests
{
    private const long MaxMemory = 32 << 20;

    /// <summary>An extended header of 1.9 GB, of which the archive has nothing.</summary>
    [TestCase('x', "A header has 1900000000 bytes")]
    [TestCase('L', "A header has 1900000000 bytes")]
    [TestCase('g', "A header has 1900000000 bytes")]
    [TestCase('0', "It is truncated within an entry")]
    public void A_large_header_is_refused_without_memory(char type, string said) =>
        AssertRefused(Header("a", type, "16117731400"), said);

    [TestCase("-0000000001", "which is no number")]
    [TestCase("99999999999", "which is no number")]
    [TestCase("\u0080\u0080\0\0\0\0\0\0\0\0\0", "impossible size")]
    [TestCase("\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "impossible size")]
    public void A_bad_size_is_refused(string size, string said) => AssertRefused(Header("a", '0', size), said);

    [TestCase("8 path=a\n", "malformed")]
    [TestCase("99999999 path=a\n", "malformed")]
    [TestCase("0 path=a\n", "malformed")]
    [TestCase("9 =abcde\n", "has no key")]
    [TestCase("11 size=-1\n", "is no number")]
    [TestCase("14 path=a\0b/c\n", "has a zero byte")]
    [TestCase("22 GNU.sparse.major=1\n", "Sparse files")]
    [TestCase("13 path=../x\n", "leads out of the archive")]
    public void A_bad_extended_header_is_refused(string records, string said)
    {
        var length = Convert.ToString(Encoding.UTF8.GetByteCount(records), 8).PadLeft(11, '0');
        var content = new byte[512];
        Encoding.UTF8.GetBytes(records).CopyTo(content, 0);
        byte[] next = [.. Header("a", '0', "00000000000"), .. new byte[1024]];
        AssertRefused([.. Header("x", 'x', length), .. content, .. next], said);
    }

    [TestCase('1', "HardLink")]
    [TestCase('2', "SymbolicLink")]
    [TestCase('3', "Device")]
    [TestCase('6', "Pipe")]
    [TestCase('S', "Unknown")]
    public void Other_kinds_are_refused(char type, string said) =>
        AssertRefused(Header("a", type, "00000000000"), said);

    [Test]
    public void Every_form_of_tar_is_read_as_the_base_library_reads_it()
    {
        using var folder = new TemporaryFolder();
        foreach (var format in Enum.GetValues<TarEntryFormat>().Where(format => format != TarEntryFormat.Unknown))
        {
            var name = format == TarEntryFormat.V7 ? "top/a" : $"top/{new string('d', 90)}/{new string('n', 90)}";
            if (format == TarEntryFormat.Pax) name += "é";
            using (var file = File.Create(folder["x.tar.gz"]))
            using (var zip = new GZipStream(file, CompressionLevel.Fastest))
            using (var tar = new TarWriter(zip, format))
            {
                TarEntry entry = format switch
                {
                    TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, name),
                    TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name),
                    TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, name),
                    _ => new PaxTarEntry(TarEntryType.RegularFile, name),
                };
                entry.DataStream = new MemoryStream(DataFiles.Bytes(1234, new Rng(5)));
                tar.WriteEntry(entry);
            }

            var top = Archive.Extract(folder["x.tar.gz"]);
            var only = Directory.GetFiles(top, "*", SearchOption.AllDirectories).Single();
            Assert.That(Path.GetRelativePath(folder.Name, only), Is.EqualTo(name));
            Assert.That(File.ReadAllBytes(only), Is.EqualTo(DataFiles.Bytes(1234, new Rng(5))), $"{format}");
            Directory.Delete(top, recursive: true);
        }
    }

    [Test]
    public void Many_small_entries_are_extracted()
    {
        using var folder = new TemporaryFolder();
        using (var file = File.Create(folder["x.zip"]))
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create))
            for (var i = 0; i < 1000; i++)
            {
                using var content = zip.CreateEntry($"top/{i}", CompressionLevel.NoCompression).Open();
                content.WriteByte((byte)i);
            }

        var top = Archive.Extract(folder["x.zip"]);
        Assert.That(Directory.GetFiles(top), Has.Length.EqualTo(1000));
        Assert.That(File.ReadAllBytes(Path.Combine(top, "777")), Is.EqualTo(new byte[] { 777 % 256 }));
    }

    [Test]
    public void Too_many_entries_are_refused()
    {
        using var tar = new MemoryStream();
        for (var i = 0; i <= 10_000; i++) tar.Write(Header("folder/", '5', "00000000000"));
        AssertRefused(tar.ToArray(), "holds more than 10000 entries");
    }

    [Test]
    public void Too_many_entries_of_a_zip_are_refused()
    {
        using var folder = new TemporaryFolder();
        using (var file = File.Create(folder["x.zip"]))
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create))
            for (var i = 0; i <= 10_000; i++) zip.CreateEntry("folder/");
        Assert.That(
            () => Archive.Extract(folder["x.zip"]),
            Throws.TypeOf<InputException>().With.Message.Contains("holds more than 10000 entries"));
    }

    /// <summary>GNU's form of sizes: 300 in base 256.</summary>
    [Test]
    public void A_size_in_base_256_is_read()
    {
        using var folder = new TemporaryFolder();
        var content = new byte[512];
        content.AsSpan(0, 300).Fill(7);
        byte[] tar =
        [
            .. Header("top/a", '0', "\u0080\0\0\0\0\0\0\0\0\0\u0001\u002c"), .. content,
            .. Header("top/b", '0', "00000000000"), .. new byte[1024],
        ];
        File.WriteAllBytes(folder["x.tar.gz"], DataFiles.Gzip(tar));
        Archive.Extract(folder["x.tar.gz"]);
        var file = Directory.GetFiles(folder.Name, "a", SearchOption.AllDirectories).Single();
        Assert.That(File.ReadAllBytes(file), Is.EqualTo(content[..300]));
    }

    [Test]
    public void A_list_of_entries_without_end_is_refused()
    {
        using var folder = new TemporaryFolder();
        using (var file = File.Create(folder["x.zip"]))
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create))
            for (var i = 0; i < 500; i++) zip.CreateEntry($"{i}/{new string('n', 40_000)}");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(
            () => Archive.Extract(folder["x.zip"]),
            Throws.TypeOf<InputException>().With.Message.Contains("Its list of entries has more than"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(128 << 20));
    }

    private static void AssertRefused(byte[] tar, string said)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["x.tar.gz"], DataFiles.Gzip(tar));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(
            () => Archive.Extract(folder["x.tar.gz"]), Throws.TypeOf<InputException>().With.Message.Contains(said));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(MaxMemory));
        Assert.That(Directory.GetFileSystemEntries(folder.Name), Has.Length.EqualTo(1));
    }

    /// <summary>A ustar header with a correct checksum.</summary>
    private static byte[] Header(string name, char type, string size)
    {
        var block = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(block, 0);
        Encoding.Latin1.GetBytes(size).CopyTo(block, 124);
        block[156] = (byte)type;
        "ustar\000"u8.CopyTo(block.AsSpan(257));
        block.AsSpan(148, 8).Fill((byte)' ');
        var sum = block.Sum(b => b);
        Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(block, 148);
        return block;
    }
}
