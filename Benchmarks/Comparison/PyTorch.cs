using System.ComponentModel;
using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>PyTorch in one of the ways that it may be at its best: a memory layout and an allocator.</summary>
/// <param name="Layout"><c>contiguous</c> or <c>channels_last</c>.</param>
/// <param name="KeepsPages">Whether malloc keeps freed memory, so that it is not faulted in again.</param>
internal sealed record PyTorch(string Layout, bool KeepsPages)
{
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "peers", "steps.py");

    public static IReadOnlyList<PyTorch> Configurations { get; } =
        [new("contiguous", false), new("contiguous", true), new("channels_last", false), new("channels_last", true)];

    public override string ToString() =>
        $"PyTorch, {Layout.Replace('_', '-')}{(KeepsPages ? ", no mmap, no trimming" : "")}";

    /// <summary>The first of these Pythons that has PyTorch; null if none has.</summary>
    public static string? Find(params IEnumerable<string> pythons) => pythons.FirstOrDefault(python =>
    {
        try
        {
            var import = new ProcessStartInfo(python, ["-c", "import torch"]) { RedirectStandardError = true };
            using var process = Process.Start(import)!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)      // there is no such program
        {
            return false;
        }
    });

    public ProcessStartInfo Start(string python)
    {
        var start = new ProcessStartInfo(python, [Script, "--layout", Layout]);
        if (KeepsPages)
        {
            start.Environment["MALLOC_MMAP_MAX_"] = "0";
            start.Environment["MALLOC_TRIM_THRESHOLD_"] = "99999999999";
        }

        return start;
    }
}
