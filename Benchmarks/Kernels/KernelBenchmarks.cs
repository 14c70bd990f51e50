using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace PyNetSharp.Benchmarks;

/// <summary>The command <c>kernels</c>: every kernel of the catalogue under BenchmarkDotNet.</summary>
[MemoryDiagnoser]
public class KernelBenchmarks
{
    private static readonly ConcurrentDictionary<string, Roofline> Rooflines = [];
    private static string filter = "*";

    private readonly CpuDevice device = new();
    private Action run = null!;

    /// <summary>What is timed.</summary>
    [ParamsSource(nameof(Kernels))]
    public KernelCase Kernel { get; set; } = null!;

    /// <summary>What the filter lets through.</summary>
    public static IEnumerable<KernelCase> Kernels => KernelCatalog.Find(filter);

    /// <summary>
    /// Runs those whose names contain a text, in this process: the machine's limits are measured beside each.
    /// </summary>
    internal static void RunAll(string containing)
    {
        filter = containing;
        BenchmarkRunner.Run<KernelBenchmarks>(DefaultConfig.Instance
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
                .WithWarmupCount(3).WithIterationCount(9).WithIterationTime(TimeInterval.FromMilliseconds(200)))
            .AddColumn(
                new RateColumn("GFLOP/s", (kernel, seconds, _) => kernel.Operations / seconds / 1e9),
                new RateColumn("% of peak", (kernel, seconds, most) =>
                    100 * kernel.Operations / seconds / most.OperationsPerSecond),
                new RateColumn("GB/s", (kernel, seconds, _) => kernel.IsMemoryBound ? kernel.Bytes / seconds / 1e9 : 0),
                new RateColumn("% of bandwidth", (kernel, seconds, most) =>
                    kernel.IsMemoryBound ? 100 * kernel.Bytes / seconds / most.BytesPerSecond : 0))
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(100))
            .HideColumns("Error", "StdDev"));
    }

    /// <summary>What the machine could do at most while this kernel was timed.</summary>
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

    /// <summary>The machine's limits once more: the better of before and after counts.</summary>
    [GlobalCleanup]
    public void MeasureRoofline()
    {
        var now = Roofline.Measure(device, runs: 10, Kernel.IsMemoryBound);
        Rooflines.AddOrUpdate(Kernel.Name, now, (_, before) =>
            new(Math.Max(before.OperationsPerSecond, now.OperationsPerSecond), Math.Max(before.BytesPerSecond, now.BytesPerSecond)));
    }
}
