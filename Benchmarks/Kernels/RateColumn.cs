using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// A column of BenchmarkDotNet's table that is computed from a kernel's work and median time; empty for 0.
/// </summary>
/// <param name="name">The column's heading.</param>
/// <param name="value">From the kernel, the median in seconds, and the machine's limits.</param>
internal sealed class RateColumn(string name, Func<KernelCase, double, Roofline, double> value) : IColumn
{
    public string Id => name;

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => name;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        if (summary[benchmarkCase]?.ResultStatistics is not { } statistics) return "";
        var kernel = (KernelCase)benchmarkCase.Parameters[nameof(KernelBenchmarks.Kernel)];
        var number = value(kernel, statistics.Median / 1e9, KernelBenchmarks.RooflineFor(kernel));
        return number > 0 ? number.ToString("F1", CultureInfo.InvariantCulture) : "";
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;
}
