using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace PyNetSharp;

/// <summary>A graphics processor that ILGPU compiles kernels for: by CUDA, by OpenCL, or emulated.</summary>
/// <remarks>
/// All work goes into one stream, in the order of the calls, and the caller does not wait for it: only reading
/// numbers back and <see cref="Synchronize"/> wait. So a block that was given back may be taken again at once.
/// </remarks>
public sealed class GpuDevice : Device
{
    private readonly DeviceDescription description;
    private readonly Accelerator accelerator;
    private readonly CachingAllocator<GpuBlock> allocator;
    private readonly DriverMemory memory;
    private readonly HashSet<MemoryBuffer> buffers = [];    // or their finalizers would free blocks that tensors' finalizers give back
    private readonly KernelCache kernelCache;
    private readonly StagingBuffers staging;
    private readonly Lock streamLock = new();         // held while something goes into the stream: a loader sends from its own thread
    private volatile DeviceException? failure;  // the first error of the driver: the device is of no use any more

    /// <param name="launchers">What launches kernels; null for what compiles them first.</param>
    /// <param name="memory">Where memory comes from; null for the driver.</param>
    internal GpuDevice(
        DeviceDescription description, Accelerator accelerator,
        KernelCache? launchers = null, DriverMemory? memory = null)
    {
        (this.description, this.accelerator) = (description, accelerator);
        this.memory = memory ?? new(accelerator);
        allocator = new(
            AllocateFromDriver, static (block, offset) => block.At(offset), FreeToDriver, description.Memory, AvailableBytes);
        this.kernelCache = launchers ?? new(accelerator);
        staging = new(accelerator, streamLock);
    }

    /// <summary>
    /// A device that is dropped gives its memory back, page-locked memory of the host included; tensors that are
    /// dropped with it give theirs back now or a little later.
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
            // The driver, or ILGPU's accelerator, has gone before, and everything with it. Nobody is there to be told.
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
    public long LaunchCount => kernelCache.LaunchCount;

    /// <summary>How often numbers went to the device or came back.</summary>
    public long TransferCount => staging.TransferCount;

    /// <summary>
    /// How many processors share the groups of a launch: CUDA's multiprocessors, OpenCL's compute units.
    /// </summary>
    internal int MultiprocessorCount => kernelCache.MultiprocessorCount;

    /// <summary>What ILGPU runs kernels on, for what only one kind of device can do.</summary>
    internal Accelerator Accelerator => accelerator;

    /// <summary>Bytes of the host's memory that are page-locked for transfers.</summary>
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

    /// <summary>Finds out which kernels some work launches, and begins to compile those that have not been.</summary>
    /// <param name="work">
    /// Is given a device like this one that launches nothing and takes no memory: its tensors hold nothing, and read as
    /// zeros.
    /// </param>
    public KernelCompilation Precompile(Action<Device> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var survey = new KernelTracer(accelerator, kernelCache);
        work(new GpuDevice(description, accelerator, survey, new MetaMemory(accelerator)) { Precision = Precision });
        return new([.. survey.Traced.Values.Where(kernel => !kernel.IsCompiled)]);
    }

    /// <summary>Runs the kernel once for each of 0 … <paramref name="count"/> − 1.</summary>
    internal void LaunchItems<TKernel>(int count, TKernel kernel) where TKernel : struct, IItemKernel
    {
        if (count == 0) return;
        ThrowIfFailed();
        try
        {
            var launcher = kernelCache.GetItemKernel<TKernel>().Launcher;
            lock (streamLock)
            {
                accelerator.Bind();
                kernelCache.LaunchItems(launcher, count, kernel);
            }
        }
        catch (AcceleratorException e)
        {
            ThrowDriverError(e);
        }
    }

    /// <summary>Runs so many groups of <see cref="IGroupKernel.Threads"/> threads; nothing if an extent of the grid is 0.</summary>
    internal void LaunchGroups<TKernel>(Index3D grid, TKernel kernel) where TKernel : struct, IGroupKernel
    {
        if (grid.Size == 0) return;
        ThrowIfFailed();
        try
        {
            var launcher = kernelCache.GetGroupKernel<TKernel>().Launcher;
            lock (streamLock)
            {
                accelerator.Bind();
                kernelCache.LaunchGroups(launcher, grid, kernel);
            }
        }
        catch (AcceleratorException e)
        {
            ThrowDriverError(e);
        }
    }

    /// <summary>Runs each kernel for its items, many of them in one launch.</summary>
    /// <remarks>
    /// A structure is about as long on the host as among OpenCL's arguments, where a view takes three words; on CUDA it
    /// takes two. CUDA's arguments have 4 KB, OpenCL's as much as the device says: ILGPU calls that constant memory.
    /// </remarks>
    internal void LaunchMultiTensor<TKernel>(ReadOnlySpan<(int Count, TKernel Kernel)> parts) where TKernel : struct, IItemKernel
    {
        var room = accelerator.AcceleratorType == AcceleratorType.OpenCL ? accelerator.MaxConstantMemory : 4096;
        var most = Unsafe.SizeOf<MultiTensorKernel20<TKernel>>() <= room ? MultiTensorKernel20<TKernel>.MaxParts : MultiTensorKernel4<TKernel>.MaxParts;
        var run = new MultiTensorPart<TKernel>[most];
        for (; !parts.IsEmpty; parts = parts[Math.Min(most, parts.Length)..])
        {
            var end = 0;
            for (var i = 0; i < most; i++)
            {
                var (count, kernel) = i < parts.Length ? parts[i] : (0, parts[0].Kernel);
                run[i] = new(kernel, count, end);
                end = run[i].EndGroup;
            }

            if (most == MultiTensorKernel4<TKernel>.MaxParts) LaunchGroups(new(end, 1, 1), Four(0));
            else LaunchGroups(new(end, 1, 1), new MultiTensorKernel20<TKernel>(Four(0), Four(4), Four(8), Four(12), Four(16)));
        }

        MultiTensorKernel4<TKernel> Four(int i) => new(run[i], run[i + 1], run[i + 2], run[i + 3]);
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

    internal override void Download(Storage from, Span<float> to)
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
            staging.Download(((GpuStorage)from).View(to.Length), to);
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

    internal override void Fill(Storage to, int count, float value) => LaunchItems(count, new FillKernel(((GpuStorage)to).View(count), value));

    internal override void Accumulate(Storage from, Storage to, int count) =>
        LaunchItems(count, new AccumulateKernel(((GpuStorage)from).View(count), ((GpuStorage)to).View(count)));

    private void ThrowIfFailed()
    {
        if (failure is { } known) throw new DeviceException(known.Message, known.InnerException);
    }

    /// <summary>
    /// Throws what an error of the driver means: that there is no memory, or that the device has failed.
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
            $"{Name}: the driver reports {DriverError.NameOf(error)}. The last kernel launched was {kernel}: errors show " +
            "after the launch, so that it or an earlier one may be at fault. The device is of no use to this process any more.",
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
            MarkFailed(e);      // the next use of the device throws it
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

internal readonly struct CopyKernel(ArrayView<float> from, ArrayView<float> to) : IItemKernel
{
    public void Run(int i) => to[i] = from[i];
}

internal readonly struct FillKernel(ArrayView<float> to, float value) : IItemKernel
{
    public void Run(int i) => to[i] = value;
}

internal readonly struct AccumulateKernel(ArrayView<float> from, ArrayView<float> to) : IItemKernel
{
    public void Run(int i) => to[i] += from[i];
}
