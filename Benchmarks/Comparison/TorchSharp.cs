using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>TorchSharp, which has a newer LibTorch than systems' packages of PyTorch.</summary>
/// <param name="Assembly">Of the program.</param>
/// <param name="Layout"><c>contiguous</c> or <c>channels_last</c>.</param>
/// <param name="KeepsFreedMemory">Whether malloc keeps freed memory instead of unmapping it.</param>
internal sealed record TorchSharp(string Assembly, string Layout, bool KeepsFreedMemory) : Peer
{
    public override string Title => "TorchSharp";

    public static IReadOnlyList<Peer> Configurations(string assembly) =>
    [
        .. from layout in (string[])["contiguous", "channels_last"]
           from keeps in (bool[])[false, true]
           select new TorchSharp(assembly, layout, keeps),
    ];

    public override string ToString() => Describe(Layout, KeepsFreedMemory);

    public override ProcessStartInfo GetStartInfo(Workload workload, int threads)
    {
        var start = new ProcessStartInfo(
            PeerProject.DotNet, [Assembly, .. StepProcess.Arguments(workload, threads), "--layout", Layout]);
        if (KeepsFreedMemory) KeepFreedMemory(start);
        return start;
    }
}
