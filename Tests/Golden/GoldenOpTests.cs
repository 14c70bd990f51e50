using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Rows of the op table against PyTorch: value and every gradient. The golden rows are in ops.py.</summary>
[Category("Kernels")]
public sealed class GoldenOpTests
{
    // Far above a float's 6e-8 times the roundings of the rows' short sums, far below any mistake.
    private const double Tolerance = 1e-5;

    internal static IEnumerable<string> Keys
    {
        get
        {
            using var golden = new GoldenFile("ops");
            return [.. golden.Names.Select(name => name[..name.LastIndexOf('/')]).Distinct()];
        }
    }

    [TestCaseSource(nameof(Keys))]
    public void Value_and_gradients_are_PyTorchs(string key) => Check(key, Device.Cpu);

    [Test]
    public void Every_op_has_a_golden_row() => Assert.That(
        OpTable.Rows.SelectMany(Ops).Except(Keys.Select(Row).SelectMany(Ops)), Is.Empty,
        "ops without golden values: add a row to Tests/Golden/ops.py and run make_golden.py ops");

    internal static void Check(string key, Device device)
    {
        var row = Row(key);
        using var golden = new GoldenFile("ops");
        var x = row.Shapes.Select((_, i) => golden[$"{key}/x{i}"].To(device)).ToArray();
        foreach (var input in x) input.RequiresGrad = true;
        var y = row.Op(x).Keep();
        y.Backward(golden[$"{key}/dy"].To(device));

        golden.AssertClose($"{key}/y", y.ToArray(), Tolerance);
        foreach (var (i, input) in x.Index()) golden.AssertClose($"{key}/dx{i}", input.Grad!.ToArray(), Tolerance);
    }

    private static OpRow Row(string key) => OpTable.Rows.FirstOrDefault(row => row.ToString() == key)
        ?? throw new InvalidOperationException($"The golden row {key} has the name and shapes of no row of OpTable.");

    private static IEnumerable<Type> Ops(OpRow row)
    {
        var x = row.DrawInputs(row.Shapes, Device.Cpu);
        foreach (var input in x) input.RequiresGrad = true;
        return OpTests.Ancestors(row.Op(x).GradFn);
    }
}
