using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Ops as CUDA runs them: each row of <see cref="OpTable"/> that is small, and what else a step launches.</summary>
[Category("Gpu")]
public sealed class PtxOpTests
{
    private const int Most = 1 << 12;       // elements

    private static IEnumerable<OpRow> Rows => OpTable.Rows.Where(row => row.Shapes.All(shape => shape.Size <= Most));

    /// <summary>Without products, whose loops take their time here.</summary>
    private static IEnumerable<OpRow> Finite => Rows.Where(row =>
        row.Shapes.All(shape => shape.Size is > 0 and <= 1 << 10) && (row.Name.Contains("ReLU", StringComparison.Ordinal) || row.Shapes.Length == 1));

    [TestCaseSource(nameof(Rows))]
    public void Value_is_the_reference(OpRow row) => GpuOpTests.AssertValue(PtxDevice.Instance, row);

    [TestCaseSource(nameof(Rows))]
    public void Gradients_are_the_CPUs(OpRow row) => GpuOpTests.AssertGradients(PtxDevice.Instance, row);

    [TestCaseSource(nameof(Finite))]
    public void What_is_not_finite_is_where_the_CPU_has_it(OpRow row) =>
        GpuNotFiniteTests.AssertAlike(PtxDevice.Instance, row, float.NaN, float.PositiveInfinity);

    [Test]
    public void Notes_are_what_the_scores_say() => ScoreLogTests.AssertNotes(PtxDevice.Instance);
}
