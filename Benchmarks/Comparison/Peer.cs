using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace PyNetSharp.Benchmarks;

/// <summary>PyTorch in one of the ways that it may be at its best: a memory layout and an allocator.</summary>
internal sealed record Peer(string Layout, bool KeepsPages)
{
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "peers", "steps.py");

    public static IReadOnlyList<Peer> All { get; } =
        [new("contiguous", false), new("contiguous", true), new("channels_last", false), new("channels_last", true)];

    public override string ToString() => $"PyTorch, {Layout}{(KeepsPages ? ", allocator keeps pages" : "")}";

    /// <summary>Why PyTorch cannot be run here, or null if it can.</summary>
    public static string? Missing(string python)
    {
        try
        {
            var (code, _, error) = Run(python, ["-c", "import torch"], keepsPages: false);
            return code == 0 ? null : $"{python} has no PyTorch (Debian: python3-torch python3-numpy libopenblas0-pthread): {error.Trim().Split('\n')[^1]}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"{python} cannot be started: {e.Message}";
        }
    }

    /// <summary>Seconds of each step.</summary>
    public double[] Measure(string python, string network, int batch, int repeat, int threads)
    {
        var (code, output, error) = Run(
            python,
            [Script, network, "--batch", Text(batch), "--repeat", Text(repeat), "--layout", Layout, "--threads", Text(threads)],
            KeepsPages);
        if (code != 0) throw new InvalidOperationException($"{this} failed: {error}");
        return [.. JsonDocument.Parse(output).RootElement.GetProperty("seconds").EnumerateArray().Select(s => s.GetDouble())];

        static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private static (int Code, string Output, string Error) Run(string python, string[] arguments, bool keepsPages)
    {
        var start = new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (keepsPages)
        {
            start.Environment["MALLOC_MMAP_MAX_"] = "0";
            start.Environment["MALLOC_TRIM_THRESHOLD_"] = "99999999999";
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
