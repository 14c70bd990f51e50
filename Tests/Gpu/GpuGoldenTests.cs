using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The golden rows of the op table on every device beside the CPU.</summary>
[Category("Gpu"), Category("Slow")]
public sealed class GpuGoldenTests
{
    private static IEnumerable<TestCaseData> Keys => TestDevices.Each(GoldenOpTests.Keys);

    [TestCaseSource(nameof(Keys))]
    public void Value_and_gradients_are_PyTorchs(string name, string key) =>
        GoldenOpTests.Check(key, DeviceCatalog.Open(name));
}
