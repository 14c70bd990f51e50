using System.ComponentModel;
using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// PyTorch in one of the configurations that may be its fastest: a memory layout, and an allocator or a precision.
/// </summary>
/// <param name="Python">The interpreter.</param>
/// <param name="Layout"><c>contiguous</c> or <c>channels_last</c>.</param>
/// <param name="KeepsFreedMemory">Whether malloc keeps freed memory instead of unmapping it.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Precision"><c>float32</c>, or <c>tf32</c> for products on the tensor cores.</param>
internal sealed record PyTorch(
    string Python, string Layout, bool KeepsFreedMemory, string Device = "cpu", string Precision = "float32") : Peer
{
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "peers", "steps.py");

    public override string Title => "PyTorch";

    /// <summary>On a GPU the host's allocator does not matter.</summary>
    public static IReadOnlyList<Peer> Configurations(string python, bool onGpu, string precision) =>
    [
        .. from layout in (string[])["contiguous", "channels_last"]
           from keeps in (bool[])(onGpu ? [false] : [false, true])
           select new PyTorch(python, layout, keeps, onGpu ? "cuda" : "cpu", precision),
    ];

    public override string ToString() =>
        Describe(Layout, KeepsFreedMemory) + (Device == "cpu" ? "" : $", {Device}, {Precision}");

    /// <summary>Whether this Python has PyTorch, for a GPU with CUDA.</summary>
    public static bool IsIn(string python, bool onGpu)
    {
        try
        {
            var check = onGpu ? "import torch; assert torch.cuda.is_available()" : "import torch";
            var import = new ProcessStartInfo(python, ["-c", check]) { RedirectStandardError = true };
            using var process = Process.Start(import)!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)      // not found
        {
            return false;
        }
    }

    public override ProcessStartInfo GetStartInfo(Workload workload, int threads)
    {
        var start = new ProcessStartInfo(
            Python,
            [
                Script, .. StepProcess.Arguments(workload, threads), "--serve", "--layout", Layout, "--device", Device,
                "--precision", Precision,
            ]);
        if (KeepsFreedMemory) KeepFreedMemory(start);
        return start;
    }
}
