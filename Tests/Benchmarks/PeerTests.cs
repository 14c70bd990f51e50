using System.Diagnostics;
using System.Numerics;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The programs that comparisons start: which, how, and what they answer.</summary>
public sealed class PeerTests
{
    private static readonly Workload Training = new(NetworkCatalog.Find("lenet5"), 2, Trains: true);
    private static readonly Workload Inference = Training with { Trains = false };

    private static readonly string OnnxRuntimePeer =
        Path.Combine(AppContext.BaseDirectory, "PyNetSharp.OnnxRuntimePeer.dll");

    [Test]
    public void An_unknown_peer_is_refused_by_name() =>
        Assert.That(
            () => Find("cpu", [], "pytorch", "tensorflow"),
            Throws.TypeOf<InputException>().With.Message
                .EqualTo("--peers: there is no 'tensorflow'; there are pytorch, torchsharp, onnxruntime."));

    [Test]
    public void A_Python_without_PyTorch_is_skipped_with_the_reason()
    {
        var (peers, reports) = Find("cpu", ["/nowhere/python", "/nowhere/python3"], "pytorch");
        Assert.That(peers, Is.Empty);
        Assert.That(reports, Has.Length.EqualTo(2));
        Assert.That(reports[1], Does.StartWith("PyTorch is skipped: /nowhere/python3 has no PyTorch. Debian: apt"));
    }

    [Test]
    public void Peers_of_the_CPU_are_skipped_on_a_GPU()
    {
        var (peers, reports) = Find("cuda", [], "torchsharp", "onnxruntime");
        Assert.That(peers, Is.Empty);
        Assert.That(reports, Is.EqualTo((string[])
        [
            "TorchSharp is skipped: it is compared on the CPU alone, not on cuda.",
            "ONNX Runtime is skipped: it is compared on the CPU alone, not on cuda.",
        ]));
    }

    [Test]
    public void A_peer_that_does_not_train_is_left_out_of_training()
    {
        using var models = new OnnxModels();
        Peer[] peers =
        [
            .. PyTorch.Configurations("python3", onGpu: false, "float32"),
            .. OnnxRuntime.Configurations("peer.dll", models),
        ];
        Assert.That(ComparisonTable.Able(peers, Training, out var leftOut), Is.EqualTo(peers[..4]));
        Assert.That(leftOut, Is.EqualTo((string[])["ONNX Runtime"]));
        Assert.That(ComparisonTable.Able(peers, Inference, out leftOut), Is.EqualTo(peers));
        Assert.That(leftOut, Is.Empty);
    }

    [Test]
    public void Every_library_of_Torch_is_tried_in_both_layouts_with_both_allocators()
    {
        string[] names =
        [
            "contiguous", "contiguous, no mmap, no trimming", "channels-last", "channels-last, no mmap, no trimming",
        ];
        var pyTorch = PyTorch.Configurations("python3", onGpu: false, "float32");
        Assert.That(pyTorch.Select(peer => $"{peer}"), Is.EqualTo(names));
        Assert.That(TorchSharp.Configurations("peer.dll").Select(peer => $"{peer}"), Is.EqualTo(names));
        Assert.That(
            PyTorch.Configurations("python3", onGpu: true, "tf32").Select(peer => $"{peer}"),
            Is.EqualTo((string[])["contiguous, cuda, tf32", "channels-last, cuda, tf32"]));

        var start = pyTorch[3].GetStartInfo(Inference, threads: 3);
        Assert.That(start.FileName, Is.EqualTo("python3"));
        Assert.That(
            string.Join(' ', start.ArgumentList.Skip(1)),
            Does.StartWith("lenet5 --batch 2 --threads 3 --inference --serve --layout channels_last"));
        Assert.That(start.Environment["MALLOC_MMAP_MAX_"], Is.EqualTo("0"));
        Assert.That(pyTorch[2].GetStartInfo(Inference, 3).Environment, Does.Not.ContainKey("MALLOC_MMAP_MAX_"));
    }

    [Test]
    public void A_network_is_exported_once_and_its_folder_deleted()
    {
        string path;
        using (var models = new OnnxModels())
        {
            path = models.PathOf(Training.Network);
            File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
            Assert.That(models.PathOf(Training.Network), Is.EqualTo(path));
            Assert.That(File.GetLastWriteTimeUtc(path), Is.EqualTo(DateTime.UnixEpoch), "not written again");
        }

        Assert.That(Directory.Exists(Path.GetDirectoryName(path)), Is.False);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void ONNX_Runtime_serves_inference(bool spins)
    {
        using var models = new OnnxModels();
        using var process = StepProcess.Start(new OnnxRuntime(OnnxRuntimePeer, models, spins), Inference, threads: 2);
        AssertServes(process);
        Assert.That(
            process.Name, Does.Match($@"^ONNX Runtime \d+\.\d+\.\d+, {(spins ? "spinning" : "no spinning")}$"));
        Assert.That($"{process.Version}", Does.EndWith(" (CPUExecutionProvider)"));
    }

    [Test]
    public void A_peer_that_cannot_be_built_or_started_is_an_error_of_one_line()
    {
        Assert.That(
            () => PeerProject.Build("Nothing"),
            Throws.TypeOf<InputException>().With.Message.Match("Nothing cannot be built: .*error.*$"));
        Assert.That(
            () => PeerProject.Check(OnnxRuntimePeer),       // without the argument that it needs
            Throws.TypeOf<InputException>().With.Message.Not.Contains("\n"));
    }

    [Test]
    public void We_serve_training()
    {
        using var process = StepProcess.StartPyNetSharp(Training, threads: 2, "cpu", "float32");
        AssertServes(process);
        Assert.That(process.Name, Is.EqualTo("PyNetSharp"));
        Assert.That($"{process.Version}", Does.StartWith(".NET 10."));
    }

    [Test]
    public void A_program_that_ends_is_an_error_with_its_own_words()
    {
        var none = Inference with { Network = Inference.Network with { Name = "no-network" } };
        using var process = StepProcess.StartPyNetSharp(none, threads: 2, "cpu", "float32");
        Assert.That(
            () => process.Run(1), Throws.TypeOf<InputException>().With.Message.Match("has ended: .*no-network"));
    }

    [Test]
    public void A_busy_process_keeps_to_one_core_and_ends()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("Not every system pins a process to a core.");
        var busy = BusyProcess.Start();
        using var process = Process.GetProcessById(busy.Process.Id);
        if (OperatingSystem.IsLinux())
            Assert.That(BitOperations.PopCount((ulong)busy.Process.ProcessorAffinity), Is.EqualTo(1));
        busy.Dispose();
        Assert.That(process.HasExited);
    }

    private static void AssertServes(StepProcess process)
    {
        var report = process.Run(timings: 3, steps: 2);
        Assert.That(report.Seconds, Has.Length.EqualTo(3));
        Assert.That(report.Seconds, Is.All.Positive);
        Assert.That(report.Resident, Is.GreaterThan(10_000_000));
    }

    private static (IReadOnlyList<Peer> Peers, string[] Reports) Find(
        string device, string[] pythons, params string[] names)
    {
        using var models = new OnnxModels();
        var reports = new List<string>();
        var peers = new Peers(pythons, device, "float32", models).Find(names, reports.Add);
        return (peers, [.. reports]);
    }
}
