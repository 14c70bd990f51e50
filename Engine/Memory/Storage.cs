namespace PyNetSharp;

/// <summary>A block of a device's memory with a count of the tensors that view it, as libtorch's StorageImpl.</summary>
/// <remarks>If all views become unreachable without <see cref="Release"/>, the finalizer frees the block.</remarks>
internal abstract class Storage(Device device)
{
    private int referenceCount = 1;
    private IDisposable? derived;

    public Device Device { get; } = device;

    /// <summary>
    /// How often the content was overwritten, as in PyTorch; the op that computes a new tensor does not count.
    /// </summary>
    public int Version { get; private set; }

    /// <summary>
    /// Whether results of ops are written here again and again, which <see cref="Version"/> does not count: then
    /// nothing that depends on the content may be kept.
    /// </summary>
    public bool IsReused { get; init; }

    /// <summary>Whether exactly one tensor views this block.</summary>
    public bool HasSingleReference => Volatile.Read(ref referenceCount) == 1;

    /// <summary>
    /// What kernels keep of the content in another form, such as packed weights: null, or what
    /// <see cref="AddDerived"/> was given first. It ends with the block.
    /// </summary>
    public IDisposable? Derived => Volatile.Read(ref derived);

    ~Storage() => FreeAll();

    /// <summary>Sets <see cref="Derived"/>, unless another thread has; returns what it is now.</summary>
    public IDisposable AddDerived(IDisposable added) => Interlocked.CompareExchange(ref derived, added, null) ?? added;

    /// <summary>Counts one overwrite of the content.</summary>
    public void BumpVersion() => Version++;

    /// <summary>One more tensor views this block.</summary>
    public Storage Retain()
    {
        Interlocked.Increment(ref referenceCount);
        return this;
    }

    /// <summary>One tensor fewer views this block; the last one frees it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref referenceCount) != 0) return;
        GC.SuppressFinalize(this);
        FreeAll();
    }

    private void FreeAll()
    {
        derived?.Dispose();
        Free();
    }

    /// <summary>The part of this block from a float on, which does not outlive it and is never freed itself.</summary>
    /// <param name="start">The first float; a multiple of 16.</param>
    public Storage Slice(long start)
    {
        var part = SliceAt(start);
        GC.SuppressFinalize(part);
        return part;
    }

    protected abstract Storage SliceAt(long start);

    /// <summary>
    /// Returns the block to the device's allocator; called once, for the last view or by the finalizer.
    /// </summary>
    protected abstract void Free();
}
