using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PyNetSharp.Data;

namespace PyNetSharp.Training;

/// <summary>
/// An evaluation that processes divide among themselves: each has some of the batches, as they are, and afterwards the
/// results of all in the order of one process.
/// </summary>
/// <param name="group">The processes; null for one, which has all batches.</param>
/// <param name="data">The batches.</param>
internal sealed class EvaluationShare(IProcessGroup? group, DataLoader data)
{
    private const int MaxGatheredBytes = 64 << 20;          // at a time, of all processes

    private readonly (int Rank, int Size) own = (group?.Rank ?? 0, group?.Size ?? 1);

    /// <summary>The batches of this process, from one to before another.</summary>
    public (int First, int End) Batches => BatchesOf(own.Rank);

    /// <summary>The items of this process, from one to before another.</summary>
    public (int First, int End) Items => ItemsOf(own.Rank);

    /// <summary>The highest number of all processes.</summary>
    public int Max(int number)
    {
        if (group is null) return number;
        var all = new int[group.Size];
        group.AllGather(MemoryMarshal.AsBytes([number]), MemoryMarshal.AsBytes(all.AsSpan()));
        return all.Max();
    }

    /// <summary>Completes what each process has for its batches.</summary>
    /// <param name="values">An element per batch of the data.</param>
    public void GatherBatches<T>(Span<T> values) where T : unmanaged => Gather(values, BatchesOf, 1);

    /// <summary>Completes what each process has for its items.</summary>
    /// <param name="values">As many elements per item as <paramref name="size"/>.</param>
    /// <param name="size">At least 1.</param>
    public void GatherItems<T>(Span<T> values, int size) where T : unmanaged => Gather(values, ItemsOf, size);

    private (int First, int End) BatchesOf(int rank) => (
        (int)((long)rank * data.BatchCount / own.Size), (int)((rank + 1L) * data.BatchCount / own.Size));

    private (int First, int End) ItemsOf(int rank)
    {
        var (first, end) = BatchesOf(rank);
        return (Math.Min(first * data.BatchSize, data.Count), Math.Min(end * data.BatchSize, data.Count));
    }

    /// <remarks>All ranks give as many elements: as the one with the most.</remarks>
    private void Gather<T>(Span<T> values, Func<int, (int First, int End)> rangeOf, int size) where T : unmanaged
    {
        if (group is null) return;
        (int Start, int Length)[] ranges =
        [
            .. Enumerable.Range(0, group.Size).Select(rangeOf)
                .Select(range => (range.First * size, (range.End - range.First) * size)),
        ];
        var most = ranges.Max(range => range.Length);
        var piece = Math.Clamp(MaxGatheredBytes / group.Size / Unsafe.SizeOf<T>(), 1, Math.Max(1, most));
        var (mine, all) = (new T[piece], new T[piece * group.Size]);
        for (var done = 0; done < most; done += piece)
        {
            Part(values, own.Rank).CopyTo(mine);
            group.AllGather(MemoryMarshal.AsBytes(mine.AsSpan()), MemoryMarshal.AsBytes(all.AsSpan()));
            for (var rank = 0; rank < group.Size; rank++)
            {
                var part = Part(values, rank);
                all.AsSpan(rank * piece, part.Length).CopyTo(part);
            }

            Span<T> Part(Span<T> values, int rank)
            {
                var (start, length) = ranges[rank];
                return done < length ? values.Slice(start + done, Math.Min(piece, length - done)) : [];
            }
        }
    }
}
