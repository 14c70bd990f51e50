namespace PyNetSharp;

/// <summary>Holds tensors and runs ops: allocates, copies, fills, accumulates. It knows no op.</summary>
public abstract class Device
{
    /// <summary>The CPU with one thread per core: the default device of new tensors.</summary>
    public static CpuDevice Cpu { get; } = new();

    /// <summary>A short name for messages and lists, such as <c>cpu</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The precision in which matrix products and convolutions multiply.</summary>
    /// <exception cref="InputException">Set to a precision that this device does not support.</exception>
    public virtual Precision Precision
    {
        get => Precision.Float32;
        set
        {
            if (value != Precision.Float32)
                throw new InputException(
                    $"{Name} multiplies in float32 only; tf32 needs a CUDA device with tensor cores.");
        }
    }

    /// <summary>The state of this device's allocator.</summary>
    public abstract MemoryStats Memory { get; }

    /// <summary>Waits until everything that was launched has finished; on the CPU that is always so.</summary>
    public abstract void Synchronize();

    /// <summary>Frees the allocator's free blocks to the system.</summary>
    public abstract void EmptyCache();

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The device's name in a message that has named <paramref name="other"/> before.</summary>
    internal string DistinctName(Device other) =>
        this != other && $"{this}" == $"{other}" ? $"another {this}" : $"{this}";

    /// <summary>Storage for <paramref name="count"/> floats, 64-byte aligned, of arbitrary content.</summary>
    internal abstract Storage Allocate(int count);

    /// <summary>Copies from the host, in storage order.</summary>
    internal abstract void Upload(ReadOnlySpan<float> from, Storage to);

    /// <summary>Copies to the host, in storage order, from the element <paramref name="start"/> on.</summary>
    internal abstract void Download(Storage from, Span<float> to, int start = 0);

    /// <summary>Copies within the device.</summary>
    internal abstract void Copy(Storage from, Storage to, int count);

    /// <summary>Makes several copies; on a GPU in few launches.</summary>
    internal virtual void CopyAll(ReadOnlySpan<(Storage From, Storage To, int Count)> copies)
    {
        foreach (var (from, to, count) in copies) Copy(from, to, count);
    }

    internal abstract void Fill(Storage to, int count, float value);

    /// <summary>to += from.</summary>
    internal abstract void Accumulate(Storage from, Storage to, int count);
}
