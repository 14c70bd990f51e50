namespace PyNetSharp.Training;

/// <summary>
/// Processes that train one model together, each with its own copy of it: ranks 0 to <see cref="Size"/> − 1. Each
/// calls the same operations in the same order, with as many values; an operation ends when all have what it gives.
/// </summary>
/// <remarks>
/// The term is that of <c>torch.distributed</c>. An operation that cannot be done, because a process has ended or the
/// network fails, throws. A member is used by one thread at a time.
/// </remarks>
public interface IProcessGroup
{
    /// <summary>The number of this process, 0 to <see cref="Size"/> − 1. Rank 0 alone writes files.</summary>
    int Rank { get; }

    /// <summary>The number of processes, at least 1.</summary>
    int Size { get; }

    /// <summary>
    /// Adds the ranks' values element by element; afterwards each rank has the sums in place of its values.
    /// </summary>
    /// <param name="values">This rank's; as many as on every other rank.</param>
    /// <remarks>
    /// Every sum has the same bits on every rank: it is rounded after each addition of a binary tree over the rank
    /// numbers, which the number of values does not change. Node j of a level is the sum of nodes 2j and 2j + 1 of the
    /// level below, in this order, or node 2j where there is no other; the ranks are the lowest level. So of 4 ranks
    /// the sum is (v₀ + v₁) + (v₂ + v₃).
    /// </remarks>
    void AllReduce(Span<float> values);

    /// <summary>Gives every rank the bytes of all.</summary>
    /// <param name="own">This rank's bytes; as many as on every other rank.</param>
    /// <param name="all">Receives them in the order of ranks: <see cref="Size"/> times as many.</param>
    void AllGather(ReadOnlySpan<byte> own, Span<byte> all);

    /// <summary>Gives every rank the bytes of rank 0.</summary>
    /// <param name="values">Rank 0's bytes, read there and overwritten elsewhere; as many on every rank.</param>
    void Broadcast(Span<byte> values);
}
