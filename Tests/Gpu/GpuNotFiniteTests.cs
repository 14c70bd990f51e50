using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// One NaN or infinity among the inputs of every row of <see cref="OpTable"/>, and in the gradient that comes back: a
/// device hides no more of it than the CPU does, so that a diverging run is seen on each.
/// </summary>
/// <remarks>
/// Convolutions are compared as a whole: one device may multiply it by a padding's zeros where the other does not.
/// </remarks>
[Category("Gpu"), Category("Slow")]
public sealed class GpuNotFiniteTests
{
    private const int Emulated = 1 << 10;       // elements; the emulation is slow

    public static IEnumerable<TestCaseData> Rows => TestDevices.Each(
        OpTable.Rows.Where(row => row.Shapes.All(shape => shape.Size > 0)),
        (row, name) => name != "emulated" || row.Shapes.All(shape => shape.Size <= Emulated));

    [TestCaseSource(nameof(Rows))]
    public void What_is_not_finite_is_where_the_CPU_has_it(string name, OpRow row)
    {
        var device = DeviceCatalog.Open(name);
        AssertAlike(device, row, float.NaN, float.PositiveInfinity, float.NegativeInfinity);
    }

    internal static void AssertAlike(Device device, OpRow row, params ReadOnlySpan<float> poisons)
    {
        for (var input = 0; input <= row.Shapes.Length; input++)
            foreach (var poison in poisons)
            {
                var here = Compute(row, device, input, poison);
                var there = Compute(row, Device.Cpu, input, poison);
                foreach (var (which, (actual, right)) in here.Zip(there).Index())
                {
                    var what = $"{poison} in {(input < row.Shapes.Length ? $"input {input}" : "the gradient")}: " +
                        (which == 0 ? "the value" : $"gradient {which - 1}");
                    if (row.Name.StartsWith("Conv2d", StringComparison.Ordinal))
                        Assert.That(actual.All(float.IsFinite), Is.EqualTo(right.All(float.IsFinite)), what);
                    else
                        AssertAlike(actual, right, what);
                }
            }
    }

    private static void AssertAlike(float[] actual, float[] right, string what)
    {
        for (var i = 0; i < right.Length; i++)
            if (float.IsFinite(actual[i]) != float.IsFinite(right[i])
                || float.IsNaN(actual[i]) != float.IsNaN(right[i]))
                Assert.Fail($"{what}, element {i}, is {actual[i]}, not {right[i]}");
    }

    /// <summary>The result and the gradients of all inputs.</summary>
    private static float[][] Compute(OpRow row, Device device, int input, float poison)
    {
        var x = row.DrawInputs(row.Shapes, Device.Cpu);
        if (input < x.Length) x[input] = Poisoned(x[input], poison);
        x = [.. x.Select(leaf => leaf.To(device))];
        foreach (var leaf in x) leaf.RequiresGrad = true;
        var y = row.Op(x).Keep();
        var dy = Tensor.Uniform(y.Shape, -1, 1, new(7));
        y.Backward((input < x.Length ? dy : Poisoned(dy, poison)).To(device));
        return [y.ToArray(), .. x.Select(leaf => leaf.Grad!.ToArray())];
    }

    private static Tensor Poisoned(Tensor x, float poison)
    {
        var values = x.ToArray();
        if (values.Length > 0) values[values.Length / 2] = poison;
        return Tensor.From(x.Shape, values);
    }
}
