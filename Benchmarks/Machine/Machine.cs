using System.Globalization;
using System.Runtime.InteropServices;

namespace PyNetSharp.Benchmarks;

/// <summary>On what something was measured: figures of two kinds of machine are not compared.</summary>
internal sealed record Machine(string Processor, int Cores, string Vectors, string System)
{
    public static Machine Current => new(
        ReadProcessorModel(), Environment.ProcessorCount, Peak.Best.InstructionSet, RuntimeInformation.OSDescription);

    private static string Architecture => $"{RuntimeInformation.ProcessArchitecture}";

    public override string ToString() => $"{Processor}, {Cores} cores, {Vectors}";

    /// <summary>What a GPU is; null for the processor.</summary>
    /// <exception cref="InputException">There is no such device.</exception>
    public static string? DescribeGpu(string device) => DeviceCatalog.Find(device) is { } gpu
        ? $"{device}: {gpu.Model}{(gpu.IsCpu ? " (the processor, no GPU)" : "")}, {gpu.Driver}"
        : null;

    /// <summary>Linux says it in /proc/cpuinfo, some virtual machines by family and model alone.</summary>
    private static string ReadProcessorModel()
    {
        const string file = "/proc/cpuinfo";
        if (!File.Exists(file))
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? Architecture;

        var facts = File.ReadLines(file).TakeWhile(line => line.Length > 0)
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2)
            .ToLookup(pair => pair[0], pair => pair[1]);
        var name = facts["model name"].FirstOrDefault() ?? Architecture;
        return facts["cpu family"].FirstOrDefault() is { } family
            ? string.Create(CultureInfo.InvariantCulture, $"{name} (family {family}, model {facts["model"].First()})")
            : name;
    }
}
