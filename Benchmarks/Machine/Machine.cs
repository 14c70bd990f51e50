using System.Globalization;
using System.Runtime.InteropServices;

namespace PyNetSharp.Benchmarks;

/// <summary>The machine of a measurement. Figures of different machines are not compared.</summary>
internal sealed record Machine(string Processor, int Cores, string Vectors, string System)
{
    public static Machine Current => new(
        ReadProcessorModel(), Environment.ProcessorCount, Peak.Best.InstructionSet, RuntimeInformation.OSDescription);

    private static string Architecture => $"{RuntimeInformation.ProcessArchitecture}";

    public override string ToString() => $"{Processor}, {Cores} cores, {Vectors}";

    /// <summary>Name, model and driver of a GPU; null for the CPU.</summary>
    /// <exception cref="InputException">There is no such device.</exception>
    public static string? DescribeGpu(string device) => DeviceCatalog.Find(device) is { } gpu
        ? $"{device}: {gpu.Model}{(gpu.IsCpu ? " (the CPU, no GPU)" : "")}, {gpu.Driver}"
        : null;

    /// <summary>From /proc/cpuinfo on Linux. Some virtual machines show only family and model there.</summary>
    private static string ReadProcessorModel()
    {
        const string file = "/proc/cpuinfo";
        if (!File.Exists(file))
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? Architecture;

        var fields = File.ReadLines(file).TakeWhile(line => line.Length > 0)
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2)
            .ToLookup(pair => pair[0], pair => pair[1]);
        var name = fields["model name"].FirstOrDefault() ?? Architecture;
        return fields["cpu family"].FirstOrDefault() is { } family
            ? string.Create(CultureInfo.InvariantCulture, $"{name} (family {family}, model {fields["model"].First()})")
            : name;
    }
}
