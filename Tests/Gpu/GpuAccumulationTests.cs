using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Sums of very many numbers keep their digits: <see cref="AccumulationCases"/> on every device beside the CPU.
/// </summary>
[Category("Gpu"), Category("Slow")]
public sealed class GpuAccumulationTests
{
    private static readonly HashSet<string> Small =
        [.. AccumulationCases.All.Where(one => one.IsSmall).Select(one => one.Name)];

    public static IEnumerable<TestCaseData> Cases =>
        TestDevices.Each(AccumulationTests.Cases, (row, device) => device != "emulated" || Small.Contains(row.Name));

    [TestCaseSource(nameof(Cases))]
    public void Errors_grow_like_the_root_of_the_terms(string name, AccumulationRow row) =>
        AccumulationTests.Run(row, DeviceCatalog.Open(name));
}
