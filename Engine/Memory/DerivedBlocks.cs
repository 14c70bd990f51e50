namespace PyNetSharp;

/// <summary>
/// The blocks of a device that kernels keep from one call to the next because computing them anew costs time, such as
/// packed weights.
/// </summary>
/// <remarks>
/// They are ordinary blocks of the allocator, within a limit of their own, and are taken back when memory is exhausted
/// or the cache is emptied.
/// </remarks>
/// <param name="cpu">The device.</param>
/// <param name="limit">The most bytes of all of them.</param>
internal sealed class DerivedBlocks(CpuDevice cpu, long limit)
{
    private readonly Lock blocksLock = new();
    private readonly HashSet<DerivedBlock> blocks = [];
    private long bytes;

    /// <summary>The bytes of all blocks that are kept.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>
    /// A block of arbitrary content, with one reference for the caller and one that <see cref="DerivedBlock.Drop"/>
    /// ends; null if it would exceed the limit.
    /// </summary>
    /// <param name="count">Floats.</param>
    /// <exception cref="InsufficientMemoryException">The device's memory is exhausted.</exception>
    public DerivedBlock? TryAdd(int count)
    {
        var size = CachingAllocator<nint>.RoundedSize(Math.Max(1L, count) * sizeof(float));
        if (Interlocked.Add(ref bytes, size) > limit)
        {
            Interlocked.Add(ref bytes, -size);
            return null;
        }

        try
        {
            var block = new DerivedBlock(this, cpu.AllocateBlock(count));
            lock (blocksLock) blocks.Add(block);
            return block;
        }
        catch (InsufficientMemoryException)
        {
            Interlocked.Add(ref bytes, -size);
            throw;
        }
    }

    /// <summary>Drops all blocks; those in use are freed when their last reader is done.</summary>
    public void Clear()
    {
        DerivedBlock[] all;
        lock (blocksLock) all = [.. blocks];
        foreach (var block in all) block.Drop();
    }

    internal void Remove(DerivedBlock block)
    {
        lock (blocksLock) blocks.Remove(block);
    }

    internal void Free(CpuDevice.Block block)
    {
        Interlocked.Add(ref bytes, -block.Size);
        cpu.FreeBlock(block.Start, block.Size);
    }
}

/// <summary>A block that is kept, with a count of its readers.</summary>
internal sealed class DerivedBlock(DerivedBlocks owner, CpuDevice.Block block)
{
    private int references = 2;         // of the caller of TryAdd, and of what keeps the block
    private int dropped;

    public nint Start => block.Start;

    /// <summary>One more reader; false if the block has been dropped and freed.</summary>
    public bool TryRetain()
    {
        for (var count = Volatile.Read(ref references); count > 0;)
        {
            var found = Interlocked.CompareExchange(ref references, count + 1, count);
            if (found == count) return true;
            count = found;
        }

        return false;
    }

    /// <summary>One reader fewer; the last one frees a block that has been dropped.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref references) == 0) owner.Free(block);
    }

    /// <summary>Ends the reference of what keeps the block; a second call does nothing.</summary>
    public void Drop()
    {
        if (Interlocked.Exchange(ref dropped, 1) != 0) return;
        owner.Remove(this);
        Release();
    }
}
