namespace PyNetSharp;

/// <summary>A block of a device's memory with a count of the tensors that view it, as libtorch's StorageImpl.</summary>
/// <remarks>If all views become unreachable without <see cref="Release"/>, the finalizer frees the block.</remarks>
internal abstract class Storage(Device device)
{
    private int referenceCount = 1;

    public Device Device { get; } = device;

    /// <summary>
    /// How often the content was overwritten, as in PyTorch; the op that computes a new tensor does not count.
    /// </summary>
    public int Version { get; private set; }

    /// <summary>Whether exactly one tensor views this block.</summary>
    public bool HasSingleReference => Volatile.Read(ref referenceCount) == 1;

    ~Storage() => Free();

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
        Free();
    }

    /// <summary>
    /// Returns the block to the device's allocator; called once, for the last view or by the finalizer.
    /// </summary>
    protected abstract void Free();
}
