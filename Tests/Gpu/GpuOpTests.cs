using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Every row of <see cref="OpTable"/> on every device beside the CPU: values and gradients are the CPU's, every element
/// is written, and nothing else.
/// </summary>
[Category("Gpu"), Category("Slow")]
public sealed class GpuOpTests
{
    private const int Emulated = 1 << 16;       // elements; an emulated kernel runs some hundred thousand a second

    public static IEnumerable<TestCaseData> Rows => TestDevices.Each(
        OpTable.Rows, (row, name) => name != "emulated" || row.Shapes.All(shape => shape.Size <= Emulated));

    [TestCaseSource(nameof(Rows))]
    public void Value_is_the_reference(string name, OpRow row) => AssertValue(DeviceCatalog.Open(name), row);

    /// <summary>
    /// The gradients, all and each alone, are the CPU's, which <see cref="OpTests"/> compare with differences.
    /// </summary>
    [TestCaseSource(nameof(Rows))]
    public void Gradients_are_the_CPUs(string name, OpRow row) => AssertGradients(DeviceCatalog.Open(name), row);

    internal static void AssertValue(Device device, OpRow row)
    {
        var right = row.Op(row.DrawInputs(row.Shapes, Device.Cpu));
        var y = Guarded(
            device, [.. row.Shapes, right.Shape], () => row.Op(row.DrawInputs(row.Shapes, device)), y => [y]);
        Assert.That(y.Device, Is.SameAs(device));
        if (row.Reference is null)
        {
            AssertNear(y, right, row.ValueTolerance, "element");
            return;
        }

        var expected = row.Reference([.. row.DrawInputs(row.Shapes, Device.Cpu).Select(ReferenceTensor.Of)]);
        Assert.That(y.Shape, Is.EqualTo(expected.Shape));
        foreach (var (i, value) in y.ToArray().Index())
            if (!value.Equals((float)expected.Values[i])
                && !(Math.Abs(value - expected.Values[i]) <= row.ValueTolerance * (1 + Math.Abs(expected.Values[i]))))
                Assert.Fail($"element {i} is {value}, not {expected.Values[i]}");
    }

    internal static void AssertGradients(Device device, OpRow row)
    {
        var result = row.Op(row.DrawInputs(row.Shapes, Device.Cpu)).Shape;
        for (var only = -1; only < (row.Shapes.Length == 1 ? 0 : row.Shapes.Length); only++)
        {
            var here = Guarded(device, [.. row.Shapes, result], () => Gradients(row, device, only), _ => []);
            var there = Gradients(row, Device.Cpu, only);
            for (var i = 0; i < here.Length; i++)
            {
                Assert.That(here[i] is null, Is.EqualTo(there[i] is null), $"input {i}, only {only} wanted");
                if (here[i] is { } gradient)
                    AssertNear(gradient, there[i]!, row.GradientTolerance, $"gradient {i}, element");
            }
        }
    }

    /// <summary>Computes in memory full of NaN, and looks what was written beside the results.</summary>
    /// <param name="results">
    /// Whose blocks are looked at behind their ends; not those that held something longer before.
    /// </param>
    private static T Guarded<T>(Device device, Shape[] shapes, Func<T> compute, Func<T, IEnumerable<Tensor?>> results)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var guards = new DeviceCanaries(device, shapes);
            var computed = compute();
            if (guards.FindOverwritten(results(computed)) is not { } fault) return computed;
            // The first time, a collection in the background may be the cause, which was counted before: end it.
            if (attempt == 5 || (attempt > 1 && !guards.AreStale)) Assert.Fail(fault);
            GC.Collect();
        }
    }

    private static Tensor?[] Gradients(OpRow row, Device device, int only)
    {
        var x = row.DrawInputs(row.Shapes, device);
        foreach (var (i, leaf) in x.Index()) leaf.RequiresGrad = only < 0 || i == only;
        var y = row.Op(x);
        y.Backward(Tensor.Uniform(y.Shape, -1, 1, new(7), device));
        return [.. x.Select(leaf => leaf.Grad)];
    }

    private static void AssertNear(Tensor actual, Tensor expected, double tolerance, string what)
    {
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape));
        var right = expected.ToArray();
        foreach (var (i, value) in actual.ToArray().Index())
            if (!value.Equals(right[i])
                && !(Math.Abs((double)value - right[i]) <= tolerance * (1 + Math.Abs(right[i]))))
                Assert.Fail($"{what} {i} is {value}, not {right[i]}");
    }
}
