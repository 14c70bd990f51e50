using System.Runtime.CompilerServices;
using ILGPU.Runtime;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// A GPU's memory when there is little of it: emptied, collected, tried once more, and refused with figures.
/// </summary>
[Category("Gpu")]
public sealed class GpuMemoryTests
{
    private const int Megabyte = 1 << 20;

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Exhaustion_names_what_was_asked_for_what_is_used_and_what_is_left(string name)
    {
        var device = Limited(name, Megabyte);
        var half = Tensor.Zeros([1 << 17], device);
        var error = Assert.Throws<InsufficientMemoryException>(() => Tensor.Zeros([1 << 18], device))!;
        Assert.That(
            error.Message,
            Does.Contain("1,048,576 bytes were asked for")
                .And.Contain("524,288 are in use").And.Contain("524,288 of the"));
        Assert.That(Tensor.Full([1 << 16], 3, device).ToArray(), Is.All.EqualTo(3), "the device is still of use");
        Assert.That(half.ToArray(), Is.All.Zero);
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void What_is_free_in_one_size_serves_another_when_memory_is_short(string name)
    {
        var device = Limited(name, Megabyte);
        DropOneReleaseOne();
        var x = Tensor.Full([200_000], 2, device);      // fits only if the smaller blocks have gone back to the driver
        Assert.That(x.ToArray(), Is.All.EqualTo(2));
        Assert.That(device.Memory.PeakAllocated, Is.LessThanOrEqualTo(Megabyte));

        [MethodImpl(MethodImplOptions.NoInlining)]      // so that no variable here still refers to what was dropped
        void DropOneReleaseOne() => (Tensor.Zeros([100_000], device) + 0).Release();
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_steady_loop_allocates_nothing_from_the_driver(string name)
    {
        var device = Limited(name, 64 * Megabyte);
        var x = Tensor.Full([1 << 10], 1, device);
        for (var i = 0; i < 3; i++) Step();
        var before = device.Memory.SystemAllocations;
        for (var i = 0; i < 20; i++) Step();
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(before));

        void Step()
        {
            using var paused = GradMode.NoGrad();
            var y = x + 1;
            (y * 2).Release();
            y.Release();
        }
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Page_locked_memory_is_freed_when_the_cache_is_emptied(string name)
    {
        var device = Limited(name, 64 * Megabyte);
        float[] numbers = [.. Enumerable.Range(0, 1 << 18).Select(i => (float)i)];
        var x = Tensor.From([1 << 18], numbers, device);
        Assert.That(device.PinnedBytes, Is.GreaterThanOrEqualTo(Megabyte));
        device.EmptyCache();
        Assert.That(device.PinnedBytes, Is.Zero);
        Assert.That(x.ToArray(), Is.EqualTo(numbers), "and is taken again");
    }

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_device_that_is_dropped_frees_all_its_memory(string name)
    {
        var memory = new CountedMemory(((GpuDevice)DeviceCatalog.Open(name)).Accelerator);
        Use();
        for (var i = 0; i < 20 && memory.Taken.Exists(buffer => !buffer.IsDisposed); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(memory.Taken, Is.Not.Empty.And.All.Property(nameof(MemoryBuffer.IsDisposed)).True);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Use()
        {
            var device = new GpuDevice(
                new(name, "", Megabyte, ""), ((GpuDevice)DeviceCatalog.Open(name)).Accelerator, memory: memory);
            var x = Tensor.Zeros([1 << 16], device);
            Assert.That(x.ToArray(), Is.All.Zero);
        }
    }

    /// <summary>Holds on to what it has given, so that nothing but the device frees it.</summary>
    private sealed class CountedMemory(Accelerator accelerator) : DriverMemory(accelerator)
    {
        public List<MemoryBuffer> Taken { get; } = [];

        public override MemoryBuffer Allocate(long bytes)
        {
            var buffer = base.Allocate(bytes);
            Taken.Add(buffer);
            return buffer;
        }
    }

    /// <summary>A device of its own on the same accelerator, with a limit in bytes.</summary>
    private static GpuDevice Limited(string name, long memory)
    {
        var device = (GpuDevice)DeviceCatalog.Open(name);
        var description = DeviceCatalog.Gpus.First(gpu => gpu.Name == device.Name);
        return new(description with { Memory = memory }, device.Accelerator);
    }
}
