using System.Security.Cryptography;
using NUnit.Framework;
using Response = PyNetSharp.Tests.LoopbackServer.Response;

namespace PyNetSharp.Tests;

public sealed class DownloaderTests
{
    private const int Size = 300_000;
    private static readonly byte[] Content = DataFiles.Bytes(Size, new Rng(3));

    [Test]
    public async Task FetchesChecksAndReports()
    {
        using var folder = new TemporaryFolder();
        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, Content));
        var progress = new RecordedProgress();
        var path = await Fetch(server, folder, progress: progress);

        Assert.That(path, Is.EqualTo(folder["new/file.bin"]));
        AssertComplete(folder);
        Assert.That(progress.All, Is.Ordered.By(nameof(DownloadProgress.Received)));
        Assert.That(progress.All[^1], Is.EqualTo(new DownloadProgress("file.bin", Size, Size)));

        await Fetch(server, folder);                            // it exists: no further request
        Assert.That(server.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_failed_transfer_leaves_no_empty_folders()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["there"]);
        using var server = new LoopbackServer(_ => new(404, []));
        foreach (var target in (string[])["new/data/set", "there", "there/set"])
            Assert.That(
                () => Fetch(server, folder, attempts: 1, into: target), Throws.InstanceOf<InputException>(), target);
        Assert.That(
            Directory.GetFileSystemEntries(folder.Name, "*", SearchOption.AllDirectories),
            Is.EqualTo(new[] { folder["there"] }), "what was there stays, empty or not");
    }

    [Test]
    public async Task ResumesABrokenTransfer([Values] bool announced)
    {
        using var folder = new TemporaryFolder();
        var breaks = new Queue<int>([100_000, 50_000]);
        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, Content) with
        {
            TruncateAfter = breaks.TryDequeue(out var after) ? after : int.MaxValue,
            HasContentLength = announced,
        });
        await Fetch(server, folder);
        AssertComplete(folder);
        Assert.That(
            server.Requests.Select(request => request.From), Is.EqualTo(new long?[] { null, 100_000, 150_000 }));
    }

    [Test]
    public async Task ResumesTheTransferOfAnEarlierRun()
    {
        using var folder = new TemporaryFolder();
        using (var broken = new LoopbackServer(
            request => LoopbackServer.ServeRange(request, Content) with { TruncateAfter = 1000 }))
            Assert.That(() => Fetch(broken, folder, attempts: 1), Throws.InstanceOf<InputException>());
        Assert.That(File.Exists(folder["new/file.bin"]), Is.False);
        Assert.That(new FileInfo(folder["new/file.bin.part"]).Length, Is.EqualTo(1000));

        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, Content));
        await Fetch(server, folder);
        AssertComplete(folder);
        Assert.That(server.Requests.Single().From, Is.EqualTo(1000));
    }

    [Test]
    public async Task StartsAnewWhereTheServerKnowsNoRanges()
    {
        using var folder = new TemporaryFolder();
        var first = true;
        using var server = new LoopbackServer(_ =>
        {
            var answer = new Response(200, Content) { TruncateAfter = first ? 100_000 : int.MaxValue };
            first = false;
            return answer;
        });
        await Fetch(server, folder);
        AssertComplete(folder);
    }

    [Test]
    public async Task StartsAnewWhereTheBeginningWasWrong([Values(1000, Size, Size + 1)] int length)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["new"]);
        await File.WriteAllBytesAsync(folder["new/file.bin.part"], new byte[length]);
        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, Content));
        await Fetch(server, folder);
        AssertComplete(folder);
    }

    [Test]
    public async Task KnowsThatAllIsThereWhereTheServerHasNoMore()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["new"]);
        await File.WriteAllBytesAsync(folder["new/file.bin.part"], Content);
        using var server = new LoopbackServer(_ => new(416, "no such range"u8.ToArray()));
        await Fetch(server, folder, size: null);
        AssertComplete(folder);
    }

    [Test]
    public void KeepsNothingOfAWrongFile()
    {
        using var folder = new TemporaryFolder();
        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, new byte[Size]));
        Assert.That(
            () => Fetch(server, folder),
            Throws.InstanceOf<InputException>().With.Message.Contains("file.bin could not be fetched")
                .And.Message.Contains("SHA256").And.Message.Contains($"expected {Digest(Content)}"));
        Assert.That(Directory.Exists(folder["new"]), Is.False);
        Assert.That(server.Requests, Has.Count.EqualTo(1));     // it would not be better next time
    }

    [Test]
    public async Task TriesTheNextAddress()
    {
        using var folder = new TemporaryFolder();
        using var server = new LoopbackServer(request =>
            request.Path == "gone" ? new(404, []) : LoopbackServer.ServeRange(request, Content));
        await Fetch(server, folder, paths: ["gone", "here"]);
        AssertComplete(folder);
        Assert.That(server.Requests.Select(request => request.Path), Is.EqualTo(new[] { "gone", "here" }));
    }

    [Test]
    public void SaysWhyAFileCannotBeDownloaded()
    {
        using var folder = new TemporaryFolder();
        AssertFault(new(404, []), "the server answered 404", requests: 1);
        AssertFault(new(503, []), "the server answered 503", requests: 3);
        AssertFault(new(200, new byte[Size + 1]), "more than the 300000 bytes expected", requests: 1);
        AssertFault(
            new(200, new byte[Size + 1]) { HasContentLength = false },
            "more than the 300000 bytes expected",
            requests: 1);

        void AssertFault(Response answer, string message, int requests)
        {
            using var server = new LoopbackServer(_ => answer);
            Assert.That(
                () => Fetch(server, folder, attempts: 3),
                Throws.InstanceOf<InputException>().With.Message.Contains(message));
            Assert.That(server.Requests, Has.Count.EqualTo(requests));
            Assert.That(Directory.Exists(folder["new"]), Is.False);
        }
    }

    [Test]
    public void AbortsAStalledTransfer()
    {
        using var folder = new TemporaryFolder();
        using var release = new ManualResetEventSlim();
        using var server = new LoopbackServer(request =>
        {
            release.Wait(TimeSpan.FromMinutes(1));
            return LoopbackServer.ServeRange(request, Content);
        });
        Assert.That(
            () => Fetch(server, folder, attempts: 1, stallTimeout: TimeSpan.FromMilliseconds(50)),
            Throws.InstanceOf<InputException>());
        release.Set();
    }

    [Test]
    public async Task ACanceledTransferKeepsTheReceivedPart()
    {
        using var folder = new TemporaryFolder();
        using var cancel = new CancellationTokenSource();
        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, Content));
        var progress = new RecordedProgress { Reported = _ => cancel.Cancel() };
        Assert.That(
            () => Fetch(server, folder, progress: progress, cancellation: cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(new FileInfo(folder["new/file.bin.part"]).Length, Is.GreaterThan(0));
        await Fetch(server, folder);
        AssertComplete(folder);
    }

    [Test]
    public void FetchesOverHttpsOnly()
    {
        using var folder = new TemporaryFolder();
        using var client = new HttpClient();
        var file = new RemoteFile("x", 1, "00", HashAlgorithmName.SHA256, new Uri("http://192.0.2.1/x"));
        Assert.That(
            () => new Downloader(client).FetchAsync(file, folder.Name),
            Throws.InstanceOf<InputException>().With.Message.Contains("only HTTPS"));
    }

    [Test]
    public void NamesTheFolderThatCannotBeWritten()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["new"], "a file, no folder");
        using var server = new LoopbackServer(request => LoopbackServer.ServeRange(request, Content));
        Assert.That(
            () => Fetch(server, folder),
            Throws.InstanceOf<InputException>().With.Message.Contains(folder["new"]));
    }

    private static async Task<string> Fetch(
        LoopbackServer server, TemporaryFolder folder, int attempts = 8, TimeSpan? stallTimeout = null,
        IProgress<DownloadProgress>? progress = null, string[]? paths = null, long? size = Size,
        string into = "new", CancellationToken cancellation = default)
    {
        using var client = new HttpClient();
        var downloader = new Downloader(client)
        {
            MaxAttempts = attempts,
            RetryDelay = TimeSpan.Zero,
            StallTimeout = stallTimeout ?? TimeSpan.FromMinutes(1),
        };
        var file = new RemoteFile(
            "file.bin", size, Digest(Content), HashAlgorithmName.SHA256,
            [.. (paths ?? ["file.bin"]).Select(path => server[path])]);
        return await downloader.FetchAsync(file, folder[into], progress, cancellation);
    }

    private static void AssertComplete(TemporaryFolder folder)
    {
        Assert.That(File.ReadAllBytes(folder["new/file.bin"]), Is.EqualTo(Content));
        Assert.That(Directory.GetFileSystemEntries(folder["new"]), Has.Length.EqualTo(1));
    }

    private static string Digest(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private sealed class RecordedProgress : IProgress<DownloadProgress>
    {
        public List<DownloadProgress> All { get; } = [];

        public Action<DownloadProgress> Reported { get; init; } = _ => { };

        public void Report(DownloadProgress value)
        {
            All.Add(value);
            Reported(value);
        }
    }
}
