using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Errors of a GPU's driver: a lack of memory is reported as such; all others name the last kernel, and the device is
/// not used after them.
/// </summary>
[Category("Gpu")]
public sealed class GpuFaultTests
{
    private Context context = null!;
    private Accelerator accelerator = null!;
    private FaultyMemory memory = null!;
    private FaultyKernelCache kernelCache = null!;
    private GpuDevice device = null!;

    private static IEnumerable<TestCaseData> LacksOfMemory =>
    [
        new(Cuda("CUDA_ERROR_OUT_OF_MEMORY")), new(new CLException(CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE)),
        new(new CLException(CLError.CL_OUT_OF_HOST_MEMORY)), new(new CLException(CLError.CL_OUT_OF_RESOURCES)),
        new(new CLException(CLError.CL_INVALID_BUFFER_SIZE)),
    ];

    private static IEnumerable<TestCaseData> Faults =>
    [
        new(Cuda("CUDA_ERROR_ILLEGAL_ADDRESS"), "CUDA_ERROR_ILLEGAL_ADDRESS"),
        new(Cuda("CUDA_ERROR_LAUNCH_FAILED"), "CUDA_ERROR_LAUNCH_FAILED"),
        new(new CLException(CLError.CL_INVALID_COMMAND_QUEUE), "CL_INVALID_COMMAND_QUEUE"),
    ];

    [SetUp]
    public void Open()
    {
        context = Context.Create(builder => builder.CPU(CPUDeviceKind.Nvidia).Profiling());
        accelerator = context.GetCPUDevice(0).CreateCPUAccelerator(context);
        (memory, kernelCache) = (new(accelerator), new(accelerator));
        device = new(new("cuda:0", "a fake", 1 << 20, "none"), accelerator, kernelCache, memory);
    }

    [TearDown]
    public void Close()
    {
        accelerator.Dispose();
        context.Dispose();
    }

    [TestCaseSource(nameof(LacksOfMemory))]
    public void A_lack_of_memory_is_reported_with_figures_and_the_device_goes_on(Exception error)
    {
        var half = Tensor.Zeros([1 << 17], device);
        memory.Fault = error;
        Assert.That(
            () => Tensor.Zeros([1 << 16], device),
            Throws.TypeOf<InsufficientMemoryException>().With.Message.Contains(
                "262,144 bytes were asked for, 524,288 are in use"));
        memory.Fault = null;
        Assert.That(Tensor.Zeros([1 << 16], device).ToArray(), Is.All.Zero);
        Assert.That(half.ToArray(), Is.All.Zero);
    }

    [Test]
    public void A_request_that_the_driver_refuses_is_repeated_once_the_cache_is_empty()
    {
        new Tensor([1 << 16], device).Release();
        (memory.Fault, memory.Refusals) = (Cuda("CUDA_ERROR_OUT_OF_MEMORY"), 1);
        Assert.That(new Tensor([1 << 15], device).Shape.Size, Is.EqualTo(1 << 15));
        Assert.That(device.Memory.Cached, Is.Zero);
    }

    [TestCaseSource(nameof(Faults))]
    public void Another_error_at_an_allocation_names_the_last_kernel(Exception error, string name)
    {
        Tensor.Zeros([4], device);
        memory.Fault = error;
        Assert.That(
            () => new Tensor([1 << 16], device),
            Throws.TypeOf<DeviceException>().With.Message.Contains(
                $"cuda:0: the driver reports {name}. The last kernel launched was FillKernel:"));
    }

    [TestCaseSource(nameof(Faults))]
    public void An_error_at_a_launch_names_the_kernel_and_so_does_every_use_after_it(Exception error, string name)
    {
        var (x, log) = (Tensor.Zeros([2, 3], device), new BatchMetricsLog());
        var (loss, labels) = (Tensor.Zeros([], device), new Labels([0, 1], device));
        log.Add(x, loss, labels);
        kernelCache.Fault = error;
        var message = Assert.Throws<DeviceException>(() => _ = x * x)!.Message;
        Assert.That(message, Does.Contain(name).And.Contain("was BinaryKernel<StatelessBinary<Product>>"));
        kernelCache.Fault = null;

        foreach (var use in (Action[])
        [
            () => _ = x + 1, () => x.ToArray(), () => Tensor.From([1], [1], device),
            () => _ = new Tensor([1 << 15], device),
            device.Synchronize, device.EmptyCache, () => log.Add(x, loss, labels), () => log.Drain(),
        ])
            Assert.That(use, Throws.TypeOf<DeviceException>().With.Message.EqualTo(message));
        Assert.That(log.Drain(), Is.Empty, "what was on the device is lost, and read once");
    }

    [Test]
    public void What_a_log_has_from_a_device_before_it_failed_is_read()
    {
        var (x, log) = (Tensor.Zeros([1, 2], device), new BatchMetricsLog());
        var (loss, labels) = (Tensor.Full([], 0.5f, device), new Labels([0], device));
        for (var i = 0; i <= BatchMetricsLog.Capacity; i++) log.Add(x, loss, labels);
        kernelCache.Fault = Cuda("CUDA_ERROR_ILLEGAL_ADDRESS");
        Assert.That(() => x + 1, Throws.TypeOf<DeviceException>());
        Assert.That(
            log.Drain(),
            Has.Count.EqualTo(BatchMetricsLog.Capacity).And.All.Property(nameof(BatchMetrics.BatchSize)).EqualTo(1));
    }

    [Test]
    public void What_other_programs_use_is_not_there_for_tensors()
    {
        memory.Others = 800_000;
        var used = Tensor.Zeros([1 << 14], device);
        Assert.That(
            () => Tensor.Zeros([1 << 17], device),
            Throws.TypeOf<InsufficientMemoryException>().With.Message.EqualTo(
                "524,288 bytes were asked for, 65,536 are in use, and 183,040 of the device's 1,048,576 are left. " +
                "Other programs and the driver have 800,000."));
        Assert.That(used.ToArray(), Is.All.Zero);
        Assert.That(memory.Requests, Does.Not.Contain(1 << 19), "some drivers would swap instead of refusing");
    }

    [Test]
    public void A_kernel_that_does_not_compile_is_named()
    {
        var x = new Tensor([4], device);
        Assert.That(
            () => device.LaunchItems(4, new RecursiveKernel(x.View)),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("kernel RecursiveKernel cannot be compiled"));
    }

    /// <summary>Without the constructor, which calls the driver for the error's text.</summary>
    private static CudaException Cuda(string error)
    {
        var exception = (CudaException)RuntimeHelpers.GetUninitializedObject(typeof(CudaException));
        var field = typeof(CudaException).GetField(
            "<Error>k__BackingField", BindingFlags.NonPublic | BindingFlags.Instance);
        field!.SetValue(exception, error);
        return exception;
    }

    private sealed class FaultyMemory(Accelerator accelerator) : DriverMemory(accelerator)
    {
        private long taken;

        public Exception? Fault { get; set; }

        /// <summary>How often the fault is thrown.</summary>
        public int Refusals { get; set; } = int.MaxValue;

        /// <summary>Bytes that other programs use.</summary>
        public long Others { get; set; }

        public List<long> Requests { get; } = [];

        public override long FreeBytes => (1 << 20) - Others - taken;

        public override MemoryBuffer Allocate(long bytes)
        {
            Requests.Add(bytes);
            if (Fault is not null && Refusals-- > 0) throw Fault;
            taken += bytes;
            return base.Allocate(bytes);
        }
    }

    private sealed class FaultyKernelCache(Accelerator accelerator) : KernelCache(accelerator)
    {
        public Exception? Fault { get; set; }

        public override void LaunchItems<TKernel>(Delegate launcher, int count, TKernel kernel)
        {
            base.LaunchItems(launcher, count, kernel);
            if (Fault is not null) throw Fault;
        }
    }
}

/// <summary>A kernel that cannot be compiled: it creates an object.</summary>
public readonly struct RecursiveKernel(ArrayView<float> x) : IItemKernel
{
    public void Run(int i) => x[i] = new object().GetHashCode();
}
