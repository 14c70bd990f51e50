namespace PyNetSharp;

/// <summary>What a device's storage cache holds, in bytes.</summary>
/// <param name="Allocated">Held by tensors, rounded up to the cache's block sizes.</param>
/// <param name="Cached">Taken from the system and free for the next tensor.</param>
/// <param name="PeakAllocated">The most that was in use at any time.</param>
/// <param name="SystemAllocations">How often the system was asked for a block: a steady training loop leaves it unchanged.</param>
public readonly record struct MemoryStats(long Allocated, long Cached, long PeakAllocated, long SystemAllocations);
