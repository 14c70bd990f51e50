namespace PyNetSharp;

/// <summary>The state of a device's caching allocator, in bytes.</summary>
/// <param name="Allocated">Bytes of the blocks that tensors use, rounded up to the allocator's block sizes.</param>
/// <param name="Cached">Bytes of the free blocks that wait for the next tensor.</param>
/// <param name="PeakAllocated">The largest value of <see cref="Allocated"/> so far.</param>
/// <param name="SystemAllocations">
/// How many blocks were taken from the system so far: a training loop that has warmed up takes none.
/// </param>
public readonly record struct MemoryStats(long Allocated, long Cached, long PeakAllocated, long SystemAllocations);
