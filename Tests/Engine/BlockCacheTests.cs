using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class BlockCacheTests
{
    private readonly HashSet<long> taken = [];
    private long next;

    [SetUp]
    public void Forget() => taken.Clear();

    [Test]
    public void Small_blocks_are_cut_from_slabs_that_stay_and_large_ones_go_when_trimmed()
    {
        var cache = NewCache();
        var (small, large) = (cache.Take(64), cache.Take(1 << 20));
        Assert.That(cache.Take(64), Is.InRange(small & -65536, small | 65535), "of the same slab");
        cache.Return(small, 64);
        cache.Return(large, 1 << 20);
        Assert.That(cache.Use.Cached, Is.EqualTo((1 << 16) - 64 + (1 << 20)));

        cache.Trim();

        Assert.That(taken, Is.EqualTo(new[] { small }));
        Assert.That(cache.Take(64), Is.EqualTo(small));
    }

    [Test]
    public void A_closed_cache_gives_everything_back_as_soon_as_it_can()
    {
        var cache = NewCache();
        var (small, large, other) = (cache.Take(64), cache.Take(1 << 20), cache.Take(1 << 21));
        cache.Return(other, 1 << 21);

        cache.Close();
        Assert.That(taken, Is.EquivalentTo(new[] { small, large }), "what is used stays");
        cache.Return(large, 1 << 20);
        Assert.That(taken, Is.EqualTo(new[] { small }));
        cache.Return(small, 64);

        Assert.That(taken, Is.Empty);
        Assert.That(cache.Use, Is.EqualTo(cache.Use with { InUse = 0, Cached = 0 }));
    }

    [Test]
    public void A_block_fits_its_request_with_little_to_spare([Values(1, 64, 65, 1000, 4097, 1_000_000, 123_456_789)] long bytes)
    {
        var size = BlockCache<long>.SizeFor(bytes);
        Assert.That(size, Is.GreaterThanOrEqualTo(bytes).And.LessThan(bytes + Math.Max(64, bytes / 8 + 1)));
        Assert.That(BlockCache<long>.SizeFor(size), Is.EqualTo(size));
    }

    private BlockCache<long> NewCache() => new(Take, (block, offset) => block + offset, block => taken.Remove(block), limit: 1 << 30);

    private long Take(long bytes)
    {
        var block = next;
        next += bytes;
        taken.Add(block);
        return block;
    }
}
