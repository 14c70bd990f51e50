using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class DataDownloadTests
{
    [Test]
    public async Task AnArchiveIsExtractedAndRead()
    {
        using var source = new TemporaryFolder();
        DataFiles.WriteCifar10(source["cifar-10-batches-bin"]);
        var archive = Tar(Directory.GetFiles(source["cifar-10-batches-bin"])
            .Select(path => ($"cifar-10-batches-bin/{Path.GetFileName(path)}", File.ReadAllBytes(path))));

        using var data = new TemporaryFolder();
        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, archive));
        Assert.That(await Fetch("cifar10", "cifar-10-binary.tar.gz", archive, server, data), Is.True);
        Assert.That(DataCatalog.Load("cifar10", data.Name).Train.Count, Is.EqualTo(10));
        Assert.That(
            Directory.GetFileSystemEntries(data["cifar10"]),
            Is.EqualTo(new[] { data["cifar10/cifar-10-batches-bin"] }));

        Assert.That(await Fetch("cifar10", "cifar-10-binary.tar.gz", archive, server, data), Is.False);
        Assert.That(server.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task AZipWithoutATopFolderGetsOne()
    {
        using var source = new TemporaryFolder();
        DataFiles.WriteOrl(source["faces"]);
        File.WriteAllText(source["faces/README"], "forty people");
        ZipFile.CreateFromDirectory(source["faces"], source["att_faces.zip"]);
        var archive = await File.ReadAllBytesAsync(source["att_faces.zip"]);

        using var data = new TemporaryFolder();
        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, archive));
        await Fetch("orl", "att_faces.zip", archive, server, data);
        Assert.That(DataCatalog.Load("orl", data.Name).Train.Count, Is.EqualTo(12));
        Assert.That(Directory.Exists(data["orl/att_faces/s1"]), Is.True);
    }

    [Test]
    public async Task DownloadsOnlyMissingFiles()
    {
        using var data = new TemporaryFolder();
        DataFiles.WriteMnist(data["mnist"]);
        File.Delete(data["mnist/t10k-labels-idx1-ubyte"]);
        var content = DataFiles.Gzip(DataFiles.Idx([2], [7, 7]));
        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, content));
        RemoteFile[] files =
        [
            .. from stem in (string[])["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
               select Remote($"{stem}-ubyte.gz", content, server),
        ];
        using var client = new HttpClient();
        await DataDownload.FetchAsync("mnist", files, data.Name, new(client), null, default);

        Assert.That(server.Requests.Single().Path, Is.EqualTo("t10k-labels-idx1-ubyte.gz"));
        Assert.That(DataFiles.Labels(DataCatalog.Load("mnist", data.Name).Test), Is.EqualTo(new[] { 7, 7 }));
    }

    [TestCase("../escaped", "leads out of the archive")]
    [TestCase("/escaped", "leads out of the archive")]
    [TestCase("a/../../../escaped", "leads out of the archive")]
    public void NothingIsWrittenOutsideOfTheArchivesFolder(string name, string message)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["set"]);
        File.WriteAllBytes(folder["set/x.tar.gz"], Tar([("fine", [1]), (name, [2])]));
        Assert.That(
            () => Archive.Extract(folder["set/x.tar.gz"]),
            Throws.InstanceOf<InputException>().With.Message.Contains(message));
        Assert.That(Directory.GetFileSystemEntries(folder.Name), Is.EqualTo(new[] { folder["set"] }));
        Assert.That(Directory.GetFileSystemEntries(folder["set"]), Is.EqualTo(new[] { folder["set/x.tar.gz"] }));
    }

    [Test]
    public void LinksAreRefused()
    {
        using var folder = new TemporaryFolder();
        using (var file = File.Create(folder["x.tar.gz"]))
        using (var zip = new GZipStream(file, CompressionLevel.Fastest))
        using (var tar = new TarWriter(zip))
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "link") { LinkName = "/etc/passwd" });
        Assert.That(
            () => Archive.Extract(folder["x.tar.gz"]),
            Throws.InstanceOf<InputException>().With.Message.Contains("SymbolicLink"));
    }

    [Test]
    public void DamagedArchivesLeaveNothing()
    {
        using var folder = new TemporaryFolder();
        var tar = Tar([("top/a", DataFiles.Bytes(5000, new Rng(1))), ("top/b", new byte[5000])]);
        for (var i = 0; i < 300; i++)
        {
            var rng = new Rng(9).Split((ulong)i);
            byte[] damaged = i % 3 == 0 ? tar[..rng.Next(tar.Length)] : [.. tar];
            if (damaged.Length > 0) damaged[rng.Next(damaged.Length)] ^= (byte)(1 << rng.Next(8));
            File.WriteAllBytes(folder["x.tar.gz"], damaged);
            try
            {
                Directory.Delete(Archive.Extract(folder["x.tar.gz"]), recursive: true);
            }
            catch (InputException e)
            {
                Assert.That(e.Message, Does.Contain("x.tar.gz"));
            }

            Assert.That(Directory.GetFileSystemEntries(folder.Name), Has.Length.EqualTo(1), $"damage {i}");
        }
    }

    /// <summary>A header with a binary length that is too large, and one with a zero byte in its name.</summary>
    [Test]
    public void InvalidHeadersOfArchivesAreRefused()
    {
        using var folder = new TemporaryFolder();
        using var plain = new MemoryStream();
        using (var gzip = new CheckedGZipStream(new MemoryStream(Tar([("top/a", new byte[500])])))) gzip.CopyTo(plain);
        var tar = plain.ToArray();
        tar.AsSpan(124, 12).Fill(0xFF);
        tar[124] = 0x80;
        var sum = tar[..512].Sum(b => b) - tar[148..156].Sum(b => b) + 8 * ' ';
        System.Text.Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(tar, 148);
        File.WriteAllBytes(folder["x.tar.gz"], DataFiles.Gzip(tar));
        Assert.That(
            () => Archive.Extract(folder["x.tar.gz"]),
            Throws.InstanceOf<InputException>().With.Message.Contains("no valid archive"));

        using (var file = File.Create(folder["y.zip"]))
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create))
            zip.CreateEntry("to\0p");
        Assert.That(
            () => Archive.Extract(folder["y.zip"]), Throws.InstanceOf<InputException>().With.Message.Contains("y.zip"));
        Assert.That(Directory.GetFileSystemEntries(folder.Name), Has.Length.EqualTo(2));
    }

    /// <summary>The checksum follows the end of the tar archive, after the last entry.</summary>
    [TestCase(8)]
    [TestCase(1)]
    public void AnArchiveWithoutItsChecksumIsRefused(int missing)
    {
        using var folder = new TemporaryFolder();
        var tar = Tar([("top/a", DataFiles.Bytes(5000, new Rng(1)))]);
        File.WriteAllBytes(folder["x.tar.gz"], tar[..^missing]);
        Assert.That(
            () => Archive.Extract(folder["x.tar.gz"]),
            Throws.InstanceOf<InputException>().With.Message.Contains("no valid archive")
                .And.Message.Contains("truncated"));

        tar[^6] ^= 1;
        File.WriteAllBytes(folder["x.tar.gz"], tar);
        Assert.That(
            () => Archive.Extract(folder["x.tar.gz"]),
            Throws.InstanceOf<InputException>().With.Message.Contains("no valid archive"));
        Assert.That(Directory.GetFileSystemEntries(folder.Name), Has.Length.EqualTo(1));
    }

    [TestCase(CompressionLevel.NoCompression)]
    [TestCase(CompressionLevel.Optimal)]
    public void AZipWhoseContentIsDamagedIsRefused(CompressionLevel level)
    {
        using var folder = new TemporaryFolder();
        var content = DataFiles.Bytes(500, new Rng(1));
        using var written = new MemoryStream();
        using (var zip = new ZipArchive(written, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = zip.CreateEntry("top/a", level).Open())
            entry.Write(content);

        var whole = written.ToArray();
        File.WriteAllBytes(folder["x.zip"], whole);
        Assert.That(File.ReadAllBytes(Path.Combine(Archive.Extract(folder["x.zip"]), "a")), Is.EqualTo(content));
        Directory.Delete(folder["top"], recursive: true);

        for (var at = 100; at < 500; at += 13)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 4;
            File.WriteAllBytes(folder["x.zip"], damaged);
            Assert.That(
                () => Archive.Extract(folder["x.zip"]),
                Throws.InstanceOf<InputException>().With.Message.Contains("x.zip"),
                $"offset {at}");
        }
    }

    [Test]
    public void AnInvalidDataFolderIsNamedBeforeAnyRequest()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        using var client = new HttpClient();
        Assert.That(
            () => DataDownload.FetchAsync("mnist", folder["file"], new(client)),
            Throws.InstanceOf<InputException>()
                .With.Message.EqualTo($"The data folder '{folder["file"]}' is a file; expected a folder."));
    }

    [Test]
    public void EverySetWithFilesCanBeDownloadedOverHttps()
    {
        Assert.That(DataDownload.Names, Is.EquivalentTo(DataCatalog.Names.Where(DataCatalog.NeedsFiles)));
        foreach (var file in DatasetUrls.All.Values.SelectMany(files => files))
        {
            Assert.That(file.Addresses.Select(address => address.Scheme), Is.All.EqualTo("https"), file.Name);
            Assert.That(file.Digest, Has.Length.EqualTo(file.Algorithm == HashAlgorithmName.MD5 ? 32 : 64), file.Name);
            Assert.That(
                Convert.ToHexStringLower(Convert.FromHexString(file.Digest)), Is.EqualTo(file.Digest), file.Name);
        }
    }

    private static async Task<bool> Fetch(
        string set, string name, byte[] content, LoopbackServer server, TemporaryFolder data)
    {
        using var client = new HttpClient();
        return await DataDownload.FetchAsync(
            set, [Remote(name, content, server)], data.Name, new(client), null, default);
    }

    private static RemoteFile Remote(string name, byte[] content, LoopbackServer server) =>
        new(
            name,
            content.Length,
            Convert.ToHexStringLower(SHA256.HashData(content)),
            HashAlgorithmName.SHA256,
            server[name]);

    private static byte[] Tar(IEnumerable<(string Name, byte[] Content)> files)
    {
        using var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionLevel.Fastest))
        using (var tar = new TarWriter(zip))
            foreach (var (name, content) in files)
                tar.WriteEntry(
                    new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        return zipped.ToArray();
    }
}
