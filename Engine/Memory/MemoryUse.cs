namespace PyNetSharp;

/// <summary>What a device's storage cache holds, in bytes.</summary>
/// <param name="InUse">Held by tensors, rounded up to the cache's block sizes.</param>
/// <param name="Cached">Taken from the system and free for the next tensor.</param>
/// <param name="Peak">The most that was in use at any time.</param>
/// <param name="BlocksTaken">How often the system was asked for a block: a steady training loop leaves it unchanged.</param>
public readonly record struct MemoryUse(long InUse, long Cached, long Peak, long BlocksTaken);
