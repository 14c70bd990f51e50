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
    private readonly BlockCache<GpuBlock> cache;
    private readonly DriverMemory memory;
    private readonly HashSet<MemoryBuffer> buffers = [];    // or their finalizers would free blocks that tensors' finalizers give back
    private readonly KernelLaunchers launchers;
    private readonly TransferBuffers transfers;
    private readonly Lock gate = new();         // held while something goes into the stream: a loader sends from its own thread
    private volatile DeviceException? failure;  // the first error of the driver: the device is of no use any more

    /// <param name="launchers">What launches kernels; null for what compiles them first.</param>
    /// <param name="memory">Where memory comes from; null for the driver.</param>
    internal GpuDevice(
        DeviceDescription description, Accelerator accelerator,
        KernelLaunchers? launchers = null, DriverMemory? memory = null)
    {
        (this.description, this.accelerator) = (description, accelerator);
        this.memory = memory ?? new(accelerator);
        cache = new(
            TakeFromDevice, static (block, offset) => block.At(offset), GiveToDevice, description.Memory, FreeOnDevice);
        this.launchers = launchers ?? new(accelerator);
        transfers = new(accelerator, gate);
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
            transfers?.Release();       // null where the constructor has thrown
            cache?.Close();
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
            if (!launchers.OnTensorCores) base.Precision = value;
            field = value;
        }
    }

    /// <inheritdoc/>
    public override MemoryUse Memory => cache.Use;

    /// <summary>How many kernels have been launched.</summary>
    public long Launches => launchers.Count;

    /// <summary>How often numbers went to the device or came back.</summary>
    public long Transfers => transfers.Count;

    /// <summary>
    /// How many processors share the groups of a launch: CUDA's multiprocessors, OpenCL's compute units.
    /// </summary>
    internal int Processors => launchers.Processors;

    /// <summary>What ILGPU runs kernels on, for what only one kind of device can do.</summary>
    internal Accelerator Accelerator => accelerator;

    /// <summary>Bytes of the host's memory that are page-locked for transfers.</summary>
    internal long PageLocked => transfers.PageLocked;

    /// <inheritdoc/>
    /// <exception cref="DeviceException">The driver reported an error.</exception>
    public override void Synchronize()
    {
        ThrowIfFailed();
        if (!memory.IsThere) return;
        try
        {
            accelerator.Bind();
            accelerator.Synchronize();
        }
        catch (AcceleratorException e)
        {
            Throw(e);
        }
    }

    /// <inheritdoc/>
    public override void TrimMemory()
    {
        Synchronize();
        cache.Trim();
        transfers.Release();
    }

    /// <summary>Finds out which kernels some work launches, and begins to compile those that have not been.</summary>
    /// <param name="work">
    /// Is given a device like this one that launches nothing and takes no memory: its tensors hold nothing, and read as
    /// zeros.
    /// </param>
    public KernelCompilation Rehearse(Action<Device> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var survey = new KernelSurvey(accelerator, launchers);
        work(new GpuDevice(description, accelerator, survey, new NoMemory(accelerator)) { Precision = Precision });
        return new([.. survey.Found.Values.Where(kernel => !kernel.IsReady)]);
    }

    /// <summary>Runs the kernel once for each of 0 … <paramref name="count"/> − 1.</summary>
    internal void Each<TKernel>(int count, TKernel kernel) where TKernel : struct, IItemKernel
    {
        if (count == 0) return;
        ThrowIfFailed();
        try
        {
            var launcher = launchers.PrepareEach<TKernel>().Launcher;
            lock (gate)
            {
                accelerator.Bind();
                launchers.Each(launcher, count, kernel);
            }
        }
        catch (AcceleratorException e)
        {
            Throw(e);
        }
    }

    /// <summary>Runs so many groups of <see cref="IGroupKernel.Threads"/> threads; nothing if an extent of the grid is 0.</summary>
    internal void Groups<TKernel>(Index3D grid, TKernel kernel) where TKernel : struct, IGroupKernel
    {
        if (grid.Size == 0) return;
        ThrowIfFailed();
        try
        {
            var launcher = launchers.PrepareGroups<TKernel>().Launcher;
            lock (gate)
            {
                accelerator.Bind();
                launchers.Groups(launcher, grid, kernel);
            }
        }
        catch (AcceleratorException e)
        {
            Throw(e);
        }
    }

    /// <summary>Runs each kernel for its items, many of them in one launch.</summary>
    /// <remarks>
    /// A structure is about as long on the host as among OpenCL's arguments, where a view takes three words; on CUDA it
    /// takes two. CUDA's arguments have 4 KB, OpenCL's as much as the device says: ILGPU calls that constant memory.
    /// </remarks>
    internal void Together<TKernel>(ReadOnlySpan<(int Count, TKernel Kernel)> parts) where TKernel : struct, IItemKernel
    {
        var room = accelerator.AcceleratorType == AcceleratorType.OpenCL ? accelerator.MaxConstantMemory : 4096;
        var most = Unsafe.SizeOf<TogetherKernel<TKernel>>() <= room ? TogetherKernel<TKernel>.Parts : FourParts<TKernel>.Parts;
        var run = new Part<TKernel>[most];
        for (; !parts.IsEmpty; parts = parts[Math.Min(most, parts.Length)..])
        {
            var end = 0;
            for (var i = 0; i < most; i++)
            {
                var (count, kernel) = i < parts.Length ? parts[i] : (0, parts[0].Kernel);
                run[i] = new(kernel, count, end);
                end = run[i].End;
            }

            if (most == FourParts<TKernel>.Parts) Groups(new(end, 1, 1), Four(0));
            else Groups(new(end, 1, 1), new TogetherKernel<TKernel>(Four(0), Four(4), Four(8), Four(12), Four(16)));
        }

        FourParts<TKernel> Four(int i) => new(run[i], run[i + 1], run[i + 2], run[i + 3]);
    }

    internal override Storage Allocate(int count)
    {
        var size = BlockCache<GpuBlock>.SizeFor(Math.Max(1L, count) * sizeof(float));
        return new GpuStorage(this, cache.Take(size), size);
    }

    internal void Return(GpuBlock block, long size) => cache.Return(block, size);

    internal override void Upload(ReadOnlySpan<float> from, Storage to)
    {
        ThrowIfFailed();
        if (!memory.IsThere) return;
        try
        {
            accelerator.Bind();
            transfers.Upload(from, ((GpuStorage)to).View(from.Length));
        }
        catch (AcceleratorException e)
        {
            Throw(e);
        }
    }

    internal override void Download(Storage from, Span<float> to)
    {
        ThrowIfFailed();
        if (!memory.IsThere)
        {
            to.Clear();
            return;
        }

        try
        {
            accelerator.Bind();
            transfers.Download(((GpuStorage)from).View(to.Length), to);
        }
        catch (AcceleratorException e)
        {
            Throw(e);
        }
    }

    internal override void Copy(Storage from, Storage to, int count) =>
        Each(count, new CopyKernel(((GpuStorage)from).View(count), ((GpuStorage)to).View(count)));

    internal override void CopyAll(ReadOnlySpan<(Storage From, Storage To, int Count)> copies)
    {
        var parts = new (int, CopyKernel)[copies.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var (from, to, count) = copies[i];
            parts[i] = (count, new(((GpuStorage)from).View(count), ((GpuStorage)to).View(count)));
        }

        Together<CopyKernel>(parts);
    }

    internal override void Fill(Storage to, int count, float value) => Each(count, new FillKernel(((GpuStorage)to).View(count), value));

    internal override void Accumulate(Storage from, Storage to, int count) =>
        Each(count, new AccumulateKernel(((GpuStorage)from).View(count), ((GpuStorage)to).View(count)));

    private void ThrowIfFailed()
    {
        if (failure is { } known) throw new DeviceException(known.Message, known.InnerException);
    }

    /// <summary>
    /// Throws what an error of the driver means: that there is no memory, or that the device has failed.
    /// </summary>
    [DoesNotReturn]
    private void Throw(AcceleratorException error)
    {
        if (DriverError.IsOutOfMemory(error))
            throw new InsufficientMemoryException($"{Name}: {DriverError.NameOf(error)}.", error);
        throw Failed(error);
    }

    private DeviceException Failed(AcceleratorException error)
    {
        var kernel = launchers.Last is { } last ? KernelLaunchers.NameOf(last) : "none";
        return failure ??= new(
            $"{Name}: the driver reports {DriverError.NameOf(error)}. The last kernel launched was {kernel}: errors show " +
            "after the launch, so that it or an earlier one may be at fault. The device is of no use to this process any more.",
            error);
    }

    private void GiveToDevice(GpuBlock block)
    {
        lock (gate) buffers.Remove(block.Buffer);
        try
        {
            block.Free();
        }
        catch (AcceleratorException e)
        {
            Failed(e);      // the next use of the device throws it
        }
    }

    private GpuBlock TakeFromDevice(long bytes)
    {
        ThrowIfFailed();
        try
        {
            lock (gate)
            {
                accelerator.Bind();
                var buffer = memory.Take(bytes);
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
            throw Failed(e);
        }
    }

    private long FreeOnDevice()
    {
        ThrowIfFailed();
        try
        {
            return memory.Free;
        }
        catch (AcceleratorException e)
        {
            throw Failed(e);
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
