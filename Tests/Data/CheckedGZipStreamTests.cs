using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Gzip files as downloads and archivers produce them: read or refused as by gunzip.</summary>
public sealed class CheckedGZipStreamTests
{
    private const int Buffer = 8192;                // of .NET's GZipStream

    private static readonly byte[] EmptyMember = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Content = DataFiles.Bytes(300, new Rng(1));
    private static readonly byte[] Zipped = DataFiles.Gzip(Content);

    public static IEnumerable<TestCaseData<byte[]>> Whole =>
    [
        Case("one member", Zipped),
        Case("two members", [.. DataFiles.Gzip(Content[..20]), .. DataFiles.Gzip(Content[20..])]),
        Case(
            "three members",
            [.. DataFiles.Gzip(Content[..3]), .. DataFiles.Gzip(Content[3..5]), .. DataFiles.Gzip(Content[5..])]),
        Case("an empty member last", [.. Zipped, .. EmptyMember]),
        Case("an empty member first", [.. EmptyMember, .. Zipped]),
        Case("zeros after it", [.. Zipped, .. new byte[512]]),
        Case("many zeros after it", [.. Zipped, .. new byte[3 * Buffer]]),
        Case("a zero after it", [.. Zipped, 0]),
        Case("other bytes after it", [.. Zipped, .. "garbage"u8]),
    ];

    public static IEnumerable<TestCaseData<byte[]>> Damaged =>
    [
        Case("nothing", []),
        Case("no checksum", Zipped[..^8]),
        Case("half a checksum", Zipped[..^6]),
        Case("no length", Zipped[..^4]),
        Case("most of a length", Zipped[..^1]),
        Case("wrong checksum", With(Zipped, Zipped.Length - 8)),
        Case("wrong length", With(Zipped, Zipped.Length - 4)),
        Case("damaged content", With(Zipped, 100)),
        Case("header only", Zipped[..10]),
        Case("half a header", Zipped[..5]),
        Case("the second member without its checksum", [.. Zipped, .. Zipped[..^8]]),
        Case("the second member with a wrong checksum", [.. Zipped, .. With(Zipped, Zipped.Length - 5)]),
        Case("the second member without content", [.. Zipped, .. Zipped[..10]]),
        Case("the beginning of a second member", [.. Zipped, 0x1F, 0x8B]),
        Case("plain bytes", Content),
    ];

    [TestCaseSource(nameof(Whole))]
    public void Complete_files_are_read(byte[] file) => Assert.That(Unzip(file), Is.EqualTo(Content));

    [TestCaseSource(nameof(Damaged))]
    public void Damaged_files_are_refused(byte[] file) =>
        Assert.That(() => Unzip(file), Throws.InstanceOf<InvalidDataException>());

    [Test]
    public void Every_truncation_is_noticed()
    {
        byte[] twice = [.. Zipped, .. Zipped];
        for (var length = 0; length < twice.Length; length++)
        {
            if (length == Zipped.Length) continue;
            Assert.That(() => Unzip(twice[..length]), Throws.InstanceOf<InvalidDataException>(), $"cut to {length}");
        }
    }

    /// <summary>The end of a member, and of the file, is anywhere around the end of a buffer.</summary>
    [Test]
    public void The_offset_at_which_a_member_ends_does_not_matter()
    {
        var rng = new Rng(2);
        for (var size = Buffer - 40; size < Buffer + 10; size++)
        {
            var content = DataFiles.Bytes(size, rng);       // random, so that it cannot be compressed
            var zipped = DataFiles.Gzip(content);
            Assert.That(Unzip(zipped), Is.EqualTo(content));
            Assert.That(Unzip([.. zipped, 0]), Is.EqualTo(content));
            Assert.That(Unzip([.. zipped, .. "garbage"u8]), Is.EqualTo(content));
            Assert.That(Unzip([.. zipped, .. EmptyMember]), Is.EqualTo(content));
            Assert.That(() => Unzip(zipped[..^1]), Throws.InstanceOf<InvalidDataException>());
            Assert.That(() => Unzip(zipped[..^8]), Throws.InstanceOf<InvalidDataException>());
        }
    }

    /// <summary>The first four bytes of a header would be the length 559,903.</summary>
    [Test]
    public void The_next_header_is_not_read_as_a_length()
    {
        var zipped = DataFiles.Gzip(new byte[0x00088B1F]);
        Assert.That(() => Unzip(zipped[..^4]), Throws.InstanceOf<InvalidDataException>());
    }

    [Test]
    public void Small_reads_give_the_same_bytes()
    {
        using var reader = new CheckedGZipStream(new MemoryStream(Zipped));
        foreach (var expected in Content) Assert.That(reader.ReadByte(), Is.EqualTo(expected));
        for (var i = 0; i < 3; i++) Assert.That(reader.ReadByte(), Is.EqualTo(-1));
    }

    private static byte[] Unzip(byte[] file)
    {
        using var reader = new CheckedGZipStream(new MemoryStream(file));
        using var content = new MemoryStream();
        reader.CopyTo(content);
        return content.ToArray();
    }

    private static byte[] With(byte[] file, int offset)
    {
        byte[] damaged = [.. file];
        damaged[offset] ^= 1;
        return damaged;
    }

    private static TestCaseData<byte[]> Case(string name, byte[] file) => new(file) { TestName = $"{{m}}({name})" };
}
