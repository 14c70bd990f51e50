using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A GPU's tensors print as the CPU's; nothing is copied unless elements are printed.</summary>
[Category("Gpu")]
public sealed class GpuPrintingTests
{
    private static readonly Shape[] Shapes =
        [[], [5], [2, 3, 4, 5], [3000], [40, 300], [3, 7, 90, 110], [9, 2, 5, 400]];

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_tensor_prints_as_on_the_CPU_and_with_its_device(string name)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        foreach (var shape in Shapes)
        {
            var x = Tensor.Uniform(shape, -1, 1, new Rng(1));
            var there = x.To(device);
            var before = device.TransferCount;
            // The device is named before the shape, so only the elements are compared.
            var elements = x.ToString().Split("size=")[0].TrimEnd(' ', '\n', ',', ')');
            Assert.That(there.ToString(), Does.StartWith(elements));
            Assert.That(
                string.Join(' ', there.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
                Does.Contain($", device='{device.Name}'"));
            // At most one copy per run of edge elements; the last two shapes have their runs far apart.
            Assert.That(device.TransferCount - before, Is.LessThanOrEqualTo(2 * 6 * 6));
        }
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Errors_and_the_debugger_copy_nothing(string name)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        var x = Tensor.Full([1], 3, device);
        var before = device.TransferCount;
        Assert.That(TensorPrintingTests.Debugger(x), Is.EqualTo($"Tensor [1] on {device.Name}"));
        Assert.That(() => x.Backward(), Throws.InvalidOperationException.With.Message.Contains(x.Describe()));
        x.RequiresGrad = true;
        var y = x.Relu();
        Assert.That(
            () => y.RequiresGrad = true,
            Throws.InvalidOperationException.With.Message.StartsWith(
                $"Tensor [1] on {device.Name}, the result of Relu: only leaves take RequiresGrad."));
        Assert.That(device.TransferCount, Is.EqualTo(before));
    }
}
