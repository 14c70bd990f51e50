using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Which devices are the same, and how messages tell others apart.</summary>
public sealed class CpuDeviceTests
{
    [Test]
    public void The_catalog_s_cpu_is_the_device_of_tensors_that_name_none()
    {
        Assert.That(DeviceCatalog.Open("cpu"), Is.SameAs(Device.Cpu));
        Assert.That(DeviceCatalog.Open("cpu", Device.Cpu.Threads), Is.SameAs(Device.Cpu));
        var x = Tensor.Full([2], 1, DeviceCatalog.Open("cpu")) + Tensor.Full([2], 1);
        Assert.That(x.ToArray(), Is.EqualTo(new[] { 2f, 2 }));
    }

    [Test]
    public void A_number_of_threads_is_one_device()
    {
        var threads = Device.Cpu.Threads + 1;
        var device = (CpuDevice)DeviceCatalog.Open("cpu", threads);
        Assert.That((device.Threads, device.Name), Is.EqualTo((threads, "cpu")));
        Assert.That(DeviceCatalog.Open("cpu", threads), Is.SameAs(device));
    }

    [Test]
    public void Messages_tell_cpu_devices_apart()
    {
        var (one, another) = (new CpuDevice(threads: 1), new CpuDevice(threads: 1));
        Refused(Tensor.Zeros([2]), Tensor.Zeros([2], one), "on cpu and on cpu (1 thread, a device of its own)");
        Refused(
            Tensor.Zeros([2], another), Tensor.Zeros([2], one), "and on another cpu (1 thread, a device of its own)");
        Refused(
            Tensor.Zeros([2], new CpuDevice(threads: 5)),
            Tensor.Zeros([2]),
            "on cpu (5 threads, a device of its own) and on cpu.");

        static void Refused(Tensor a, Tensor b, string part)
        {
            Assert.That(() => a + b, Throws.ArgumentException.With.Message.Contains(part));
            Assert.That(() => a.CopyFrom(b), Throws.InvalidOperationException.With.Message.Contains("cpu ("));
        }
    }
}
