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
        row.Shapes.All(shape => shape.Size is > 0 and <= 1 << 10)
        && (row.Name.Contains("ReLU", StringComparison.Ordinal) || row.Shapes.Length == 1));

    [TestCaseSource(nameof(Rows))]
    public void Value_is_the_reference(OpRow row) => GpuOpTests.AssertValue(PtxDevice.Instance, row);

    [TestCaseSource(nameof(Rows))]
    public void Gradients_are_the_CPUs(OpRow row) => GpuOpTests.AssertGradients(PtxDevice.Instance, row);

    [TestCaseSource(nameof(Finite))]
    public void What_is_not_finite_is_where_the_CPU_has_it(OpRow row) =>
        GpuNotFiniteTests.AssertAlike(PtxDevice.Instance, row, float.NaN, float.PositiveInfinity);

    /// <summary>Its products go where those of <see cref="PtxProductTests"/> do not; and integers are exact in tf32.</summary>
    [Test]
    public void Convolutions_with_a_stride_are_exact_on_tensor_cores([Values(4, 3)] int channels)
    {
        var device = PtxDevice.Instance;
        device.Precision = Precision.Tf32;
        try
        {
            foreach (var (here, there) in Passes(device, channels).Zip(Passes(Device.Cpu, channels)))
                Assert.That(here.ToArray(), Is.EqualTo(there.ToArray()));
        }
        finally
        {
            device.Precision = Precision.Float32;
        }
    }

    private static Tensor[] Passes(Device device, int channels)
    {
        var (x, w, b) = (Whole([2, channels, 9, 7]), Whole([8, channels, 3, 3]), Whole([8]));
        foreach (var leaf in (Tensor[])[x, w, b]) leaf.RequiresGrad = true;
        var y = new Conv2dOp((2, 2), (1, 1), relu: true) { ForceDirect = true }.Apply(x, w, b).Keep();
        y.Backward(Whole(y.Shape));
        return [y, x.Grad!, w.Grad!, b.Grad!];

        Tensor Whole(Shape shape) => Tensor.From(shape, [.. Enumerable.Range(0, shape.Size).Select(i => i * 7 % 9 - 4f)], device);
    }

    [Test]
    public void Notes_are_what_the_scores_say() => ScoreLogTests.AssertNotes(PtxDevice.Instance);
}
