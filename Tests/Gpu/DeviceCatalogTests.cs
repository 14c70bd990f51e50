using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Devices by name: each is found, and a missing one has a reason.</summary>
public sealed class DeviceCatalogTests
{
    [Test]
    public void Only_a_kind_without_a_device_has_a_reason([Values("cuda", "opencl")] string kind)
    {
        if (DeviceCatalog.Gpus.FirstOrDefault(gpu => gpu.Kind == kind) is { } first)
        {
            Assert.That(DeviceCatalog.UnavailableReason(kind), Is.Null);
            Assert.That(DeviceCatalog.Find(kind), Is.SameAs(first));
        }
        else
        {
            var why = DeviceCatalog.UnavailableReason(kind);
            Assert.That(why, Is.Not.Null);
            Assert.That(
                () => DeviceCatalog.Open(kind),
                Throws.TypeOf<InputException>()
                    .With.Message.Contains("this machine has cpu").And.Message.Contains(why!));
        }
    }

    [Test]
    public void The_CPU_is_no_GPU_and_auto_takes_none_that_is_the_CPU()
    {
        Assert.That(DeviceCatalog.Find("cpu"), Is.Null);
        Assert.That(DeviceCatalog.Find("auto")?.IsCpu ?? false, Is.False);
    }
}
