using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The PTX of each small row of <see cref="OpTable"/>, and of the other kernels of a training step.</summary>
[Category("Gpu")]
public sealed class PtxOpTests
{
    private const int MaxElements = 1 << 12;

    private static IEnumerable<OpRow> Rows =>
        OpTable.Rows.Where(row => row.Shapes.All(shape => shape.Size <= MaxElements));

    /// <summary>Without products, which take long to interpret.</summary>
    private static IEnumerable<OpRow> Finite => Rows.Where(row =>
        row.Shapes.All(shape => shape.Size is > 0 and <= 1 << 10)
        && (row.Name.Contains("ReLU", StringComparison.Ordinal) || row.Shapes.Length == 1));

    [TestCaseSource(nameof(Rows))]
    public void Value_is_the_reference(OpRow row) => GpuOpTests.AssertValue(PtxDevice.Instance, row);

    [TestCaseSource(nameof(Rows))]
    public void Gradients_are_the_CPUs(OpRow row) => GpuOpTests.AssertGradients(PtxDevice.Instance, row);

    [TestCaseSource(nameof(Finite))]
    public void Results_that_are_not_finite_are_the_CPUs(OpRow row) =>
        GpuNotFiniteTests.AssertAlike(PtxDevice.Instance, row, float.NaN, float.PositiveInfinity);

    /// <summary>
    /// Its products are not among those of <see cref="PtxProductTests"/>. Small integers are exact in tf32.
    /// </summary>
    [Test]
    public void Convolutions_with_a_stride_are_exact_on_tensor_cores([Values(4, 3)] int channels)
    {
        var device = PtxDevice.Instance;
        device.Precision = Precision.Tf32;
        try
        {
            foreach (var (actual, expected) in Passes(device, channels).Zip(Passes(Device.Cpu, channels)))
                Assert.That(actual.ToArray(), Is.EqualTo(expected.ToArray()));
        }
        finally
        {
            device.Precision = Precision.Float32;
        }
    }

    private static Tensor[] Passes(Device device, int channels)
    {
        var (x, w, b) = (Integers([2, channels, 9, 7]), Integers([8, channels, 3, 3]), Integers([8]));
        foreach (var leaf in (Tensor[])[x, w, b]) leaf.RequiresGrad = true;
        var y = new Conv2dOp((2, 2), (1, 1), relu: true) { DirectOnly = true }.Apply(x, w, b).Keep();
        y.Backward(Integers(y.Shape));
        return [y, x.Grad!, w.Grad!, b.Grad!];

        Tensor Integers(Shape shape) =>
            Tensor.From(shape, [.. Enumerable.Range(0, shape.Size).Select(i => i * 7 % 9 - 4f)], device);
    }

    [Test]
    public void Batch_metrics_are_those_of_the_scores() => ScoreLogTests.AssertNotes(PtxDevice.Instance);
}
