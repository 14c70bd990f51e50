using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>As <see cref="VersionTests"/>, on every device beside the CPU.</summary>
[Category("Gpu"), Category("Slow")]
public sealed class GpuVersionTests
{
    private const int Emulated = 1 << 8;        // elements: what is saved, and checked, does not depend on their number

    private static IEnumerable<TestCaseData> Rows => TestDevices.Each(
        OpTable.Rows, (row, name) => name != "emulated" || row.Shapes.All(shape => shape.Size <= Emulated));

    [TestCaseSource(nameof(Rows))]
    public void An_op_never_computes_the_gradient_of_other_contents(string name, OpRow row) =>
        VersionTests.CheckOverwriting(row, DeviceCatalog.Open(name));
}
