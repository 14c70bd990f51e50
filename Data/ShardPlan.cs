using System.Numerics;

namespace PyNetSharp.Data;

/// <summary>How batches are cut into shards, and which of them one process computes.</summary>
/// <remarks>
/// Shard i of a batch of N items has those at the positions i·N/S to (i + 1)·N/S; of a batch that is smaller than S,
/// some have none. Rank r of R has the shards r·S/R to (r + 1)·S/R. S/R is a power of two where R is above 1: so the
/// shards of a rank are a node of the binary tree that adds gradients.
/// </remarks>
internal sealed class ShardPlan
{
    /// <summary>The batches as they are.</summary>
    public static readonly ShardPlan Whole = new(1, 0, 1);

    /// <summary>The plan of a process.</summary>
    /// <param name="shards">S, at least 1.</param>
    /// <param name="rank">The process's number, from 0.</param>
    /// <param name="ranks">R.</param>
    /// <exception cref="InputException">The shards cannot be divided among the processes.</exception>
    public ShardPlan(int shards, int rank, int ranks)
    {
        if (!CanDivide(shards, ranks)) throw new InputException(DivisionFault(shards, ranks));
        (Shards, First, Count) = (shards, rank * (shards / ranks), shards / ranks);
    }

    /// <summary>S, the shards of a batch.</summary>
    public int Shards { get; }

    /// <summary>The first shard of this process.</summary>
    public int First { get; }

    /// <summary>Its number of shards.</summary>
    public int Count { get; }

    /// <summary>The positions in a batch of the items of a shard, from one to before another.</summary>
    /// <param name="shard">From 0.</param>
    /// <param name="items">The items of the batch.</param>
    public (int Start, int End) ItemsOf(int shard, int items) =>
        ((int)((long)shard * items / Shards), (int)((shard + 1L) * items / Shards));

    /// <summary>The first shard that has items.</summary>
    public int FirstWithItems(int items) =>
        Enumerable.Range(0, Shards).First(shard => ItemsOf(shard, items) is var (start, end) && end > start);

    /// <summary>Whether a shard of a batch has one item alone.</summary>
    public bool HasSingleItem(int items) =>
        Enumerable.Range(0, Shards).Any(shard => ItemsOf(shard, items) is var (start, end) && end == start + 1);

    private static bool CanDivide(int shards, int ranks) =>
        ranks == 1 || (shards % ranks == 0 && BitOperations.IsPow2(shards / ranks));

    private static string DivisionFault(int shards, int ranks)
    {
        int[] fitting = [.. Enumerable.Range(1, shards).Where(count => CanDivide(shards, count))];
        return FormattableString.Invariant(
            $"{shards} shard{(shards == 1 ? "" : "s")} per batch cannot be divided among {ranks} processes, ") +
            "which must have 1, 2, 4, 8, … shards each: expected " + FormattableString.Invariant(
            $"{ranks}, {2 * ranks}, {4 * ranks}, … shards") + (fitting.Length == 1
                ? ", or one process."
                : $", or {string.Join(", ", fitting.SkipLast(1))} or {fitting[^1]} processes.");
    }
}
