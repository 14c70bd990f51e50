namespace PyNetSharp;

/// <summary>Where tensors live and ops run. A device knows memory and launching; it knows no op.</summary>
public abstract class Device
{
    /// <summary>The processor with all its cores: where tensors are made when nothing else is said.</summary>
    public static CpuDevice Cpu { get; } = new();

    /// <summary>A short name for messages and lists, such as <c>cpu</c>.</summary>
    public abstract string Name { get; }

    /// <summary>How exactly matrix products and convolutions multiply.</summary>
    /// <exception cref="InputException">Set to what this device cannot do.</exception>
    public virtual Precision Precision
    {
        get => Precision.Float32;
        set
        {
            if (value != Precision.Float32) throw new InputException($"{Name} multiplies in float32 only; tf32 needs a CUDA device with tensor cores.");
        }
    }

    /// <summary>What this device's storage cache holds now.</summary>
    public abstract MemoryStats Memory { get; }

    /// <summary>Waits until everything launched here is done. The CPU is never behind.</summary>
    public abstract void Synchronize();

    /// <summary>Gives the cache's free blocks back to the system.</summary>
    public abstract void EmptyCache();

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>This device in a sentence that has named <paramref name="other"/> already.</summary>
    internal string DistinctName(Device other) => this != other && $"{this}" == $"{other}" ? $"another {this}" : $"{this}";

    /// <summary>Storage for so many floats, 64-byte aligned, with arbitrary content.</summary>
    internal abstract Storage Allocate(int count);

    /// <summary>Copies from the host; both sides in storage order.</summary>
    internal abstract void Upload(ReadOnlySpan<float> from, Storage to);

    /// <summary>Copies to the host; both sides in storage order.</summary>
    internal abstract void Download(Storage from, Span<float> to);

    /// <summary>Copies within the device.</summary>
    internal abstract void Copy(Storage from, Storage to, int count);

    /// <summary>Several copies; a GPU makes them in few launches.</summary>
    internal virtual void CopyAll(ReadOnlySpan<(Storage From, Storage To, int Count)> copies)
    {
        foreach (var (from, to, count) in copies) Copy(from, to, count);
    }

    internal abstract void Fill(Storage to, int count, float value);

    /// <summary>to += from.</summary>
    internal abstract void Accumulate(Storage from, Storage to, int count);
}
