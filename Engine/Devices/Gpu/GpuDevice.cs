using System.Diagnostics.CodeAnalysis;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace PyNetSharp;

/// <summary>A GPU for which ILGPU compiles kernels: through CUDA, through OpenCL, or emulated on the CPU.</summary>
/// <remarks>
/// All kernels and copies go into one stream, in the order of the calls, and run asynchronously: only copies to the
/// host and <see cref="Synchronize"/> wait for them. So a freed block may be reused at once.
/// </remarks>
public sealed partial class GpuDevice : Device
{
    private readonly DeviceDescription description;
    private readonly Accelerator accelerator;
    private readonly CachingAllocator<GpuBlock> allocator;
    private readonly DriverMemory memory;
    private readonly KernelCache kernelCache;
    private readonly StagingBuffers staging;

    /// <summary>Keeps buffers reachable: their own finalizers would free blocks that tensors still use.</summary>
    private readonly HashSet<MemoryBuffer> buffers = [];

    /// <summary>Held while something is put into the stream: a data loader uploads from its own thread.</summary>
    private readonly Lock streamLock = new();

    /// <summary>The first error of the driver, after which every use of the device throws.</summary>
    private volatile DeviceException? failure;

    /// <param name="description">Name and memory limit.</param>
    /// <param name="accelerator">What ILGPU runs kernels on.</param>
    /// <param name="kernelCache">Null for one that compiles and launches kernels on the accelerator.</param>
    /// <param name="memory">Null for the driver's.</param>
    internal GpuDevice(
        DeviceDescription description, Accelerator accelerator,
        KernelCache? kernelCache = null, DriverMemory? memory = null)
    {
        (this.description, this.accelerator) = (description, accelerator);
        this.memory = memory ?? new(accelerator);
        this.kernelCache = kernelCache ??
            (accelerator is CPUAccelerator ? new EmulatedKernelCache(accelerator) : new KernelCache(accelerator));
        allocator = new(
            AllocateFromDriver, static (block, offset) => block.At(offset), FreeToDriver,
            description.Memory, AvailableBytes);
        staging = new(accelerator, streamLock);
    }

    /// <summary>
    /// Frees the free blocks and the page-locked memory of the host; blocks of tensors are freed by their finalizers.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "An exception here would end the process.")]
    ~GpuDevice()
    {
        try
        {
            accelerator.Bind();
            staging?.Release();       // null where the constructor has thrown
            allocator?.Close();
        }
        catch (Exception)
        {
            // The driver or ILGPU's accelerator was shut down before, which has freed everything.
        }
    }

    /// <inheritdoc/>
    public override string Name => description.Name;

    /// <inheritdoc/>
    public override Precision Precision
    {
        get;
        set
        {
            if (!kernelCache.HasTensorCores) base.Precision = value;
            field = value;
        }
    }

    /// <inheritdoc/>
    public override MemoryStats Memory => allocator.Stats;

    /// <summary>How many kernels have been launched.</summary>
    internal long LaunchCount => kernelCache.LaunchCount;

    /// <summary>How many copies were made between the host and the device.</summary>
    internal long TransferCount => staging.TransferCount;

    /// <summary>CUDA's multiprocessors or OpenCL's compute units, which share the groups of a launch.</summary>
    internal int MultiprocessorCount => kernelCache.MultiprocessorCount;

    /// <summary>What ILGPU runs kernels on.</summary>
    internal Accelerator Accelerator => accelerator;

    /// <summary>Bytes of page-locked memory of the host.</summary>
    internal long PinnedBytes => staging.PinnedBytes;

    /// <inheritdoc/>
    /// <exception cref="DeviceException">The driver reported an error.</exception>
    public override void Synchronize()
    {
        ThrowIfFailed();
        if (!memory.HoldsData) return;
        try
        {
            accelerator.Bind();
            accelerator.Synchronize();
        }
        catch (AcceleratorException e)
        {
            ThrowDriverError(e);
        }
    }

    /// <inheritdoc/>
    public override void EmptyCache()
    {
        Synchronize();
        allocator.EmptyCache();
        staging.Release();
    }

    /// <summary>
    /// Traces which kernels some work launches, and starts to compile those that are not compiled yet.
    /// </summary>
    /// <param name="work">
    /// Called once with a device like this one that launches no kernels and allocates no memory: its tensors have no
    /// content and are read as zeros.
    /// </param>
    public KernelCompilation Precompile(Action<Device> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var tracer = new KernelTracer(accelerator, kernelCache);
        work(new GpuDevice(description, accelerator, tracer, new MetaMemory(accelerator)) { Precision = Precision });
        return new([.. tracer.Traced.Values.Where(kernel => !kernel.IsCompiled)]);
    }

    internal override Storage Allocate(int count)
    {
        var size = CachingAllocator<GpuBlock>.RoundedSize(Math.Max(1L, count) * sizeof(float));
        return new GpuStorage(this, allocator.Allocate(size), size);
    }

    internal void FreeBlock(GpuBlock block, long size) => allocator.Free(block, size);

    internal override void Upload(ReadOnlySpan<float> from, Storage to)
    {
        ThrowIfFailed();
        if (!memory.HoldsData) return;
        try
        {
            accelerator.Bind();
            staging.Upload(from, ((GpuStorage)to).View(from.Length));
        }
        catch (AcceleratorException e)
        {
            ThrowDriverError(e);
        }
    }

    internal override void Download(Storage from, Span<float> to, int start = 0)
    {
        ThrowIfFailed();
        if (!memory.HoldsData)
        {
            to.Clear();
            return;
        }

        try
        {
            accelerator.Bind();
            staging.Download(((GpuStorage)from).View(start + to.Length).SubView(start, to.Length), to);
        }
        catch (AcceleratorException e)
        {
            ThrowDriverError(e);
        }
    }

    internal override void Copy(Storage from, Storage to, int count) =>
        LaunchItems(count, new CopyKernel(((GpuStorage)from).View(count), ((GpuStorage)to).View(count)));

    internal override void CopyAll(ReadOnlySpan<(Storage From, Storage To, int Count)> copies)
    {
        var parts = new (int, CopyKernel)[copies.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var (from, to, count) = copies[i];
            parts[i] = (count, new(((GpuStorage)from).View(count), ((GpuStorage)to).View(count)));
        }

        LaunchMultiTensor<CopyKernel>(parts);
    }

    internal override void Fill(Storage to, int count, float value) =>
        LaunchItems(count, new FillKernel(((GpuStorage)to).View(count), value));

    internal override void Accumulate(Storage from, Storage to, int count) =>
        LaunchItems(count, new AccumulateKernel(((GpuStorage)from).View(count), ((GpuStorage)to).View(count)));

    private void ThrowIfFailed()
    {
        if (failure is { } known) throw new DeviceException(known.Message, known.InnerException);
    }

    /// <summary>
    /// Throws <see cref="InsufficientMemoryException"/> or <see cref="DeviceException"/>, by the driver's error.
    /// </summary>
    [DoesNotReturn]
    private void ThrowDriverError(AcceleratorException error)
    {
        if (DriverError.IsOutOfMemory(error))
            throw new InsufficientMemoryException($"{Name}: {DriverError.NameOf(error)}.", error);
        throw MarkFailed(error);
    }

    private DeviceException MarkFailed(AcceleratorException error)
    {
        var kernel = kernelCache.LastLaunched is { } last ? KernelCache.NameOf(last) : "none";
        return failure ??= new(
            $"{Name}: the driver reports {DriverError.NameOf(error)}. The last kernel launched was {kernel}: " +
            "errors are reported after the launch, so this or an earlier kernel may be the cause. " +
            "This process cannot use the device after that.",
            error);
    }

    private void FreeToDriver(GpuBlock block)
    {
        lock (streamLock) buffers.Remove(block.Buffer);
        try
        {
            block.Free();
        }
        catch (AcceleratorException e)
        {
            MarkFailed(e);      // thrown by the next use of the device
        }
    }

    private GpuBlock AllocateFromDriver(long bytes)
    {
        ThrowIfFailed();
        try
        {
            lock (streamLock)
            {
                accelerator.Bind();
                var buffer = memory.Allocate(bytes);
                buffers.Add(buffer);
                return new(buffer, 0);
            }
        }
        catch (AcceleratorException e) when (DriverError.IsOutOfMemoryForBlock(e))
        {
            throw new InsufficientMemoryException($"{Name}: {DriverError.NameOf(e)}.", e);
        }
        catch (AcceleratorException e)
        {
            throw MarkFailed(e);
        }
    }

    private long AvailableBytes()
    {
        ThrowIfFailed();
        try
        {
            return memory.FreeBytes;
        }
        catch (AcceleratorException e)
        {
            throw MarkFailed(e);
        }
    }
}
