using System.Globalization;
using System.Numerics;

namespace PyNetSharp;

/// <summary>
/// Allocates blocks of a device's memory and keeps freed ones by size class for reuse, as PyTorch's caching allocator
/// does, so that a training step that has warmed up allocates nothing from the system.
/// </summary>
/// <remarks>
/// There are eight size classes per factor of two, so at most an eighth of a block is unused. Small blocks are cut from
/// slabs. The block of a tensor that was dropped without a release comes back through a finalizer: when the live blocks
/// of a class have doubled since the last collection, the garbage is collected before the system is asked for more.
/// </remarks>
/// <param name="allocateFromSystem">
/// Allocates a block of the given bytes from the system; throws <see cref="OutOfMemoryException"/>.
/// </param>
/// <param name="slice">The block that begins at an offset in bytes within another.</param>
/// <param name="freeToSystem">Frees a block that came from the system.</param>
/// <param name="limit">The most bytes to allocate from the system.</param>
/// <param name="available">The bytes that the system has free at the moment; null if that is not known.</param>
/// <param name="freeUnneeded">Frees blocks that can be computed anew: called when memory is exhausted.</param>
internal sealed class CachingAllocator<TBlock>(
    Func<long, TBlock> allocateFromSystem, Func<TBlock, long, TBlock> slice, Action<TBlock> freeToSystem, long limit,
    Func<long>? available = null, Action? freeUnneeded = null)
{
    private const long MinBlockSize = 64, SlabSize = 64 * 1024;

    private readonly Lock cacheLock = new();
    private readonly Dictionary<long, SizeClass> classes = [];
    private readonly List<TBlock> slabs = [];
    private bool closed;
    private long allocated, cached, peak, systemAllocations;

    public MemoryStats Stats
    {
        get { lock (cacheLock) return new(allocated, cached, peak, systemAllocations); }
    }

    /// <summary>The size in bytes of the block that a request for <paramref name="bytes"/> gets.</summary>
    public static long RoundedSize(long bytes)
    {
        if (bytes <= MinBlockSize) return MinBlockSize;
        var step = Math.Max(MinBlockSize, 1L << Math.Max(0, BitOperations.Log2((ulong)(bytes - 1)) - 3));
        return (bytes + step - 1) / step * step;
    }

    /// <summary>
    /// A block of <paramref name="size"/> bytes, a value of <see cref="RoundedSize"/>; its content is arbitrary.
    /// </summary>
    /// <exception cref="InsufficientMemoryException">
    /// There is not enough memory even after emptying the cache and collecting garbage.
    /// </exception>
    public TBlock Allocate(long size)
    {
        if (TryAllocateFromCache(size, out var block)) return block;
        if (HasDoubled(size))
        {
            CollectGarbageAndResetLimits();
            if (TryAllocateFromCache(size, out block)) return block;
        }

        return AllocateFromSystem(size);
    }

    public void Free(TBlock block, long size)
    {
        lock (cacheLock)
        {
            var sizeClass = ClassOf(size);
            sizeClass.Free.Push(block);
            sizeClass.Live--;
            allocated -= size;
            cached += size;
            if (closed) FreeCachedBlocks();
        }
    }

    /// <summary>Frees all free blocks to the system, and from now on every block that is freed.</summary>
    public void Close()
    {
        lock (cacheLock)
        {
            closed = true;
            FreeCachedBlocks();
        }
    }

    /// <summary>Frees all free blocks to the system, except those cut from slabs.</summary>
    public void EmptyCache()
    {
        lock (cacheLock)
        {
            foreach (var (size, sizeClass) in classes)
            {
                if (size <= SlabSize / 4) continue;
                while (sizeClass.Free.TryPop(out var block))
                {
                    freeToSystem(block);
                    cached -= size;
                }
            }
        }
    }

    private void FreeCachedBlocks()
    {
        EmptyCache();
        if (allocated > 0) return;      // slabs are freed when no block is in use
        foreach (var slab in slabs) freeToSystem(slab);
        slabs.Clear();
        classes.Clear();
        cached = 0;
    }

    private bool TryAllocateFromCache(long size, out TBlock block)
    {
        lock (cacheLock)
        {
            var sizeClass = ClassOf(size);
            if (!sizeClass.Free.TryPop(out block!)) return false;
            cached -= size;
            CountAllocation(sizeClass, size);
            return true;
        }
    }

    private bool HasDoubled(long size)
    {
        lock (cacheLock)
        {
            var sizeClass = ClassOf(size);
            return sizeClass.Live >= sizeClass.CollectAt;
        }
    }

    private void CollectGarbageAndResetLimits()
    {
        CollectGarbage();
        lock (cacheLock)
            foreach (var (size, sizeClass) in classes)
                sizeClass.CollectAt = SizeClass.NextCollection(size, sizeClass.Live);
    }

    private TBlock AllocateFromSystem(long size)
    {
        var bytes = size <= SlabSize / 4 ? SlabSize : size;
        if (!TryAllocateFromSystem(bytes, out var block))
        {
            EmptyCache();
            CollectGarbage();
            freeUnneeded?.Invoke();
            EmptyCache();
            if (!TryAllocateFromSystem(bytes, out block)) throw OutOfMemoryError(size);
        }

        lock (cacheLock)
        {
            systemAllocations++;
            if (bytes > size) slabs.Add(block);
            var sizeClass = ClassOf(size);
            for (var offset = size; offset + size <= bytes; offset += size)
            {
                sizeClass.Free.Push(slice(block, offset));
                cached += size;
            }

            CountAllocation(sizeClass, size);
            return block;
        }
    }

    private bool TryAllocateFromSystem(long bytes, out TBlock block)
    {
        block = default!;
        lock (cacheLock)
            if (allocated + cached + bytes > limit)
                return false;
        if (bytes > Available) return false;

        try
        {
            block = allocateFromSystem(bytes);
            return true;
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
    }

    private void CountAllocation(SizeClass sizeClass, long size)
    {
        sizeClass.Live++;
        allocated += size;
        peak = Math.Max(peak, allocated);
    }

    private SizeClass ClassOf(long size)
    {
        if (!classes.TryGetValue(size, out var sizeClass)) classes.Add(size, sizeClass = new(size));
        return sizeClass;
    }

    private InsufficientMemoryException OutOfMemoryError(long size)
    {
        var (use, free) = (Stats, Available);
        var own = Math.Max(0, limit - use.Allocated);
        var left = free < own - use.Cached ? free + use.Cached : own;
        var others = left < own ? Text($" Other programs and the driver have {own - left:N0}.") : "";
        return new(
            Text($"{size:N0} bytes were asked for, {use.Allocated:N0} are in use, ") +
            Text($"and {left:N0} of the device's {limit:N0} are left.{others}"));

        static string Text(FormattableString numbers) => numbers.ToString(CultureInfo.InvariantCulture);
    }

    private long Available => available?.Invoke() ?? long.MaxValue;

    private static void CollectGarbage()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private sealed class SizeClass(long size)
    {
        public readonly Stack<TBlock> Free = new();
        public long Live, CollectAt = NextCollection(size, 0);

        /// <summary>Twice the live blocks, but enough that a loop does not collect at every step.</summary>
        public static long NextCollection(long size, long live) =>
            Math.Max(2 * live, Math.Clamp((16L << 20) / size, 4, 1024));
    }
}
