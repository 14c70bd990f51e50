using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Extents of 0 on every device beside the CPU: results and gradients are the CPU's.</summary>
[Category("Gpu")]
public sealed class GpuEmptyExtentTests
{
    public static IEnumerable<TestCaseData> Rows => TestDevices.Each(OpTable.Rows);

    public static IEnumerable<TestCaseData> PyTorchs => TestDevices.Each(EmptyExtentTests.PyTorchCases);

    [TestCaseSource(nameof(Rows))]
    public void Results_and_gradients_are_the_CPUs(string name, OpRow row)
    {
        foreach (var shapes in EmptyExtents.Of(row))
        {
            var what = string.Join(", ", shapes.AsEnumerable());
            var here = EmptyExtents.Run(row, shapes, DeviceCatalog.Open(name), float.NaN);
            var there = EmptyExtents.Run(row, shapes, Device.Cpu, float.NaN);
            Assert.That(here is null, Is.EqualTo(there is null), what);
            if (here is null || there is null) continue;
            foreach (var (own, right) in here.Zip(there))
                Assert.That(own, Is.EqualTo(right).Within(row.GradientTolerance), what);
        }
    }

    [TestCaseSource(nameof(PyTorchs))]
    public void Results_are_PyTorchs(string name, EmptyInputCase one) => one.Check(DeviceCatalog.Open(name));

    /// <summary>Clipping and updates where a parameter has no elements, alone and beside one that has.</summary>
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Optimizers_take_parameters_without_elements(string name) =>
        OptimizersTakeNothing(DeviceCatalog.Open(name));

    [Test]
    public void Optimizers_take_parameters_without_elements_on_the_cpu() => OptimizersTakeNothing(Device.Cpu);

    private static void OptimizersTakeNothing(Device device)
    {
        foreach (var beside in (int[])[0, 3])
        {
            Parameter[] parameters = [new(Tensor.Zeros([0, 4], device)), new(Tensor.Zeros([beside], device))];
            Optimizer[] optimizers = [new Sgd(parameters, 0.5f, momentum: 0.9f), new Adam(parameters, 0.5f)];
            foreach (var optimizer in optimizers)
            {
                foreach (var parameter in parameters) parameter.Sum().Backward();
                Assert.That(parameters.ClipGradNorm(1), Is.EqualTo(Math.Sqrt(beside)).Within(1e-6));
                optimizer.Step();
                optimizer.ZeroGrad();
            }

            Assert.That(parameters[1].ToArray(), Is.All.LessThan(0));
        }
    }
}
