using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class CachingAllocatorTests
{
    private readonly HashSet<long> taken = [];
    private long next;

    [SetUp]
    public void Forget() => taken.Clear();

    [Test]
    public void Small_blocks_are_cut_from_slabs_that_stay_and_large_ones_are_freed_when_the_cache_is_emptied()
    {
        var cache = NewCache();
        var (small, large) = (cache.Allocate(64), cache.Allocate(1 << 20));
        Assert.That(cache.Allocate(64), Is.InRange(small & -65536, small | 65535), "of the same slab");
        cache.Free(small, 64);
        cache.Free(large, 1 << 20);
        Assert.That(cache.Stats.Cached, Is.EqualTo((1 << 16) - 64 + (1 << 20)));

        cache.EmptyCache();

        Assert.That(taken, Is.EqualTo(new[] { small }));
        Assert.That(cache.Allocate(64), Is.EqualTo(small));
    }

    [Test]
    public void A_closed_allocator_frees_every_block_at_once_or_when_it_comes_back()
    {
        var cache = NewCache();
        var (small, large, other) = (cache.Allocate(64), cache.Allocate(1 << 20), cache.Allocate(1 << 21));
        cache.Free(other, 1 << 21);

        cache.Close();
        Assert.That(taken, Is.EquivalentTo(new[] { small, large }), "blocks in use stay");
        cache.Free(large, 1 << 20);
        Assert.That(taken, Is.EqualTo(new[] { small }));
        cache.Free(small, 64);

        Assert.That(taken, Is.Empty);
        Assert.That(cache.Stats, Is.EqualTo(cache.Stats with { Allocated = 0, Cached = 0 }));
    }

    [Test]
    public void A_block_fits_its_request_with_little_to_spare(
        [Values(1, 64, 65, 1000, 4097, 1_000_000, 123_456_789)] long bytes)
    {
        var size = CachingAllocator<long>.RoundedSize(bytes);
        Assert.That(size, Is.GreaterThanOrEqualTo(bytes).And.LessThan(bytes + Math.Max(64, bytes / 8 + 1)));
        Assert.That(CachingAllocator<long>.RoundedSize(size), Is.EqualTo(size));
    }

    private CachingAllocator<long> NewCache() =>
        new(Take, (block, offset) => block + offset, block => taken.Remove(block), limit: 1 << 30);

    private long Take(long bytes)
    {
        var block = next;
        next += bytes;
        taken.Add(block);
        return block;
    }
}
