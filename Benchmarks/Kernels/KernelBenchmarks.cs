using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>kernels</c>: every kernel of the catalog, timed by BenchmarkDotNet.</summary>
[MemoryDiagnoser]
public class KernelBenchmarks
{
    private static readonly ConcurrentDictionary<string, Roofline> Rooflines = [];
    private static string filter = "*";

    private readonly CpuDevice device = new();
    private Action run = null!;

    /// <summary>The kernel that is timed.</summary>
    [ParamsSource(nameof(Kernels))]
    public KernelCase Kernel { get; set; } = null!;

    /// <summary>Those that match the filter.</summary>
    public static IEnumerable<KernelCase> Kernels => KernelCatalog.Find(filter);

    /// <summary>
    /// Runs those whose names contain a text, in this process, with the machine's limits measured beside each.
    /// </summary>
    internal static void RunAll(string nameFilter)
    {
        filter = nameFilter;
        BenchmarkRunner.Run<KernelBenchmarks>(DefaultConfig.Instance
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
                .WithWarmupCount(3).WithIterationCount(9).WithIterationTime(TimeInterval.FromMilliseconds(200)))
            .AddColumn(
                new RateColumn("GFLOP/s", (kernel, seconds, _) => kernel.Operations / seconds / 1e9),
                new RateColumn("% of peak", (kernel, seconds, limits) =>
                    100 * kernel.Operations / seconds / limits.OperationsPerSecond),
                new RateColumn("GB/s", (kernel, seconds, _) => kernel.IsMemoryBound ? kernel.Bytes / seconds / 1e9 : 0),
                new RateColumn("% of bandwidth", (kernel, seconds, limits) =>
                    kernel.IsMemoryBound ? 100 * kernel.Bytes / seconds / limits.BytesPerSecond : 0))
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(100))
            .HideColumns("Error", "StdDev"));
    }

    /// <summary>The machine's limits while this kernel was timed.</summary>
    internal static Roofline RooflineFor(KernelCase kernel) => Rooflines.GetValueOrDefault(kernel.Name);

    /// <summary>Makes the inputs.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        MeasureRoofline();
        run = Kernel.Prepare(device);
    }

    /// <summary>The kernel.</summary>
    [Benchmark]
    public void Run() => run();

    /// <summary>Measures the machine's limits: the higher of before and after counts.</summary>
    [GlobalCleanup]
    public void MeasureRoofline()
    {
        var now = Roofline.Measure(device, runs: 10, Kernel.IsMemoryBound);
        Rooflines.AddOrUpdate(Kernel.Name, now, (_, before) => Roofline.Max(before, now));
    }
}
