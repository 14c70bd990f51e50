namespace PyNetSharp;

/// <summary>A block of a device's memory that one or more tensors view, counted, and given back when the last lets go.</summary>
/// <remarks>
/// Whoever drops a tensor without a word is covered by the finalizer, which gives the block back a little later.
/// </remarks>
internal abstract class Storage(Device device)
{
    private int views = 1;

    public Device Device { get; } = device;

    /// <summary>How often the content was overwritten; the op that fills a new storage does not count.</summary>
    public int Version { get; private set; }

    /// <summary>Whether exactly one tensor views this block.</summary>
    public bool Exclusive => Volatile.Read(ref views) == 1;

    ~Storage() => Return();

    /// <summary>Says that the content is overwritten: whatever an op has read here is gone.</summary>
    public void MarkChanged() => Version++;

    public Storage Share()
    {
        Interlocked.Increment(ref views);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref views) != 0) return;
        GC.SuppressFinalize(this);
        Return();
    }

    /// <summary>Puts the block back into the device's cache; called once, by the last view or by the finalizer.</summary>
    protected abstract void Return();
}
