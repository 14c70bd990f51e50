using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

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
    private readonly HashSet<MemoryBuffer> buffers = [];    // or their finalizers would free blocks that tensors' finalizers give back
    private readonly KernelLaunchers launchers;
    private readonly TransferBuffers transfers;
    private readonly Lock gate = new();         // held while something goes into the stream: a loader sends from its own thread

    /// <param name="launchers">What launches kernels; null for what compiles them first.</param>
    internal GpuDevice(DeviceDescription description, Accelerator accelerator, KernelLaunchers? launchers = null)
    {
        (this.description, this.accelerator) = (description, accelerator);
        cache = new(TakeFromDevice, static (block, offset) => block.At(offset), GiveToDevice, description.Memory);
        this.launchers = launchers ?? new(accelerator);
        transfers = new(accelerator, gate);
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

    /// <summary>What ILGPU runs kernels on, for what only one kind of device can do.</summary>
    internal Accelerator Accelerator => accelerator;

    /// <inheritdoc/>
    public override void Synchronize()
    {
        accelerator.Bind();
        accelerator.Synchronize();
    }

    /// <inheritdoc/>
    public override void TrimMemory()
    {
        Synchronize();
        cache.Trim();
    }

    /// <summary>Runs the kernel once for each of 0 … <paramref name="count"/> − 1.</summary>
    internal void Each<TKernel>(int count, TKernel kernel) where TKernel : struct, IItemKernel
    {
        if (count == 0) return;
        lock (gate)
        {
            accelerator.Bind();
            launchers.Each(count, kernel);
        }
    }

    /// <summary>Runs so many groups of <see cref="IGroupKernel.Threads"/> threads; nothing if an extent of the grid is 0.</summary>
    internal void Groups<TKernel>(Index3D grid, TKernel kernel) where TKernel : struct, IGroupKernel
    {
        if (grid.Size == 0) return;
        lock (gate)
        {
            accelerator.Bind();
            launchers.Groups(grid, kernel);
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
        accelerator.Bind();
        transfers.Upload(from, ((GpuStorage)to).View(from.Length));
    }

    internal override void Download(Storage from, Span<float> to)
    {
        accelerator.Bind();
        transfers.Download(((GpuStorage)from).View(to.Length), to);
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

    private void GiveToDevice(GpuBlock block)
    {
        lock (gate) buffers.Remove(block.Buffer);
        block.Free();
    }

    private GpuBlock TakeFromDevice(long bytes)
    {
        try
        {
            lock (gate)
            {
                accelerator.Bind();
                var buffer = accelerator.Allocate1D<byte>(bytes);
                buffers.Add(buffer);
                return new(buffer, 0);
            }
        }
        catch (CudaException e)
        {
            throw new InsufficientMemoryException($"{Name}: {e.Error}", e);
        }
        catch (CLException e)
        {
            throw new InsufficientMemoryException($"{Name}: {e.Error}", e);
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
