namespace PyNetSharp;

/// <summary>A block of a device's memory with a count of the tensors that view it.</summary>
/// <remarks>The block of tensors that became unreachable without <see cref="Release"/> returns through the finalizer.</remarks>
internal abstract class Storage(Device device)
{
    private int referenceCount = 1;

    public Device Device { get; } = device;

    /// <summary>How often the content was overwritten; the op that fills a new storage does not count.</summary>
    public int Version { get; private set; }

    /// <summary>Whether exactly one tensor views this block.</summary>
    public bool HasSingleReference => Volatile.Read(ref referenceCount) == 1;

    ~Storage() => Free();

    /// <summary>Counts an overwriting of the content.</summary>
    public void BumpVersion() => Version++;

    /// <summary>One more tensor views this block.</summary>
    public Storage Retain()
    {
        Interlocked.Increment(ref referenceCount);
        return this;
    }

    /// <summary>One tensor fewer views this block; after the last it returns to the device's cache.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref referenceCount) != 0) return;
        GC.SuppressFinalize(this);
        Free();
    }

    /// <summary>Puts the block back into the device's cache; called once, by the last view or by the finalizer.</summary>
    protected abstract void Free();
}
