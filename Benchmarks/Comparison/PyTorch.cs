using System.ComponentModel;
using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// PyTorch in one of the configurations that may be its fastest: a memory layout, and an allocator or a precision.
/// </summary>
/// <param name="Layout"><c>contiguous</c> or <c>channels_last</c>.</param>
/// <param name="KeepsFreedMemory">Whether malloc keeps freed memory instead of unmapping it.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Precision"><c>float32</c>, or <c>tf32</c> for products on the tensor cores.</param>
internal sealed record PyTorch(
    string Layout, bool KeepsFreedMemory, string Device = "cpu", string Precision = "float32")
{
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "peers", "steps.py");

    /// <summary>On a GPU the host's allocator does not matter.</summary>
    public static IReadOnlyList<PyTorch> Configurations(bool onGpu, string precision) => onGpu
        ? [new("contiguous", false, "cuda", precision), new("channels_last", false, "cuda", precision)]
        :
        [
            new("contiguous", false), new("contiguous", true), new("channels_last", false),
            new("channels_last", true),
        ];

    public override string ToString() =>
        $"PyTorch, {Layout.Replace('_', '-')}{(KeepsFreedMemory ? ", no mmap, no trimming" : "")}" +
        (Device == "cpu" ? "" : $", {Device}, {Precision}");

    /// <summary>The first of these Pythons that has PyTorch, for a GPU with CUDA; null if none has.</summary>
    public static string? Find(bool onGpu, params IEnumerable<string> pythons) => pythons.FirstOrDefault(python =>
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
    });

    public ProcessStartInfo GetStartInfo(string python)
    {
        var start = new ProcessStartInfo(
            python, [Script, "--layout", Layout, "--device", Device, "--precision", Precision]);
        if (KeepsFreedMemory)
        {
            start.Environment["MALLOC_MMAP_MAX_"] = "0";
            start.Environment["MALLOC_TRIM_THRESHOLD_"] = "99999999999";
        }

        return start;
    }
}
