using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Sums of very many numbers keep their digits: <see cref="LongSums"/> on every device beside the CPU.
/// </summary>
[Category("Gpu"), Category("Slow")]
public sealed class GpuLongSumTests
{
    private static readonly HashSet<string> Small = [.. LongSums.All.Where(one => one.IsSmall).Select(one => one.Name)];

    public static IEnumerable<TestCaseData> Cases =>
        TestDevices.Each(LongSumTests.Cases, (row, device) => device != "emulated" || Small.Contains(row.Name));

    [TestCaseSource(nameof(Cases))]
    public void Errors_grow_like_the_root_of_the_terms(string name, LongSumsRow row) =>
        LongSumTests.Run(row, DeviceCatalog.Open(name));
}
