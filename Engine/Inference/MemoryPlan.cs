namespace PyNetSharp;

/// <summary>Gives every buffer of a plan its place in one block.</summary>
/// <remarks>
/// Buffers that are in use at the same time do not overlap. The largest is placed first, each in the smallest gap that
/// takes it: within a few percent of the lower bound for the networks here.
/// </remarks>
/// <seealso href="https://arxiv.org/abs/2001.03288">Pisarchyk and Lee, 2020, greedy by size</seealso>
internal static class MemoryPlan
{
    private const int Alignment = 64 / sizeof(float);

    /// <summary>Sets the offset of each buffer, a multiple of 64 bytes.</summary>
    /// <returns>The block's size in floats.</returns>
    public static long Place(IReadOnlyCollection<PlanBuffer> buffers)
    {
        List<PlanBuffer> placed = [];       // by offset
        foreach (var buffer in buffers.OrderByDescending(buffer => buffer.Count).ThenBy(buffer => buffer.First))
        {
            var size = SizeOf(buffer);
            long end = 0, best = -1, bestGap = long.MaxValue;
            foreach (var other in placed)
            {
                if (other.First > buffer.Last || other.Last < buffer.First) continue;
                var gap = other.Offset - end;
                if (gap >= size && gap < bestGap) (best, bestGap) = (end, gap);
                end = Math.Max(end, other.Offset + SizeOf(other));
            }

            buffer.Offset = best >= 0 ? best : end;
            var at = placed.FindIndex(other => other.Offset > buffer.Offset);
            placed.Insert(at >= 0 ? at : placed.Count, buffer);
        }

        return placed.Count == 0 ? 0 : placed.Max(buffer => buffer.Offset + SizeOf(buffer));
    }

    private static long SizeOf(PlanBuffer buffer) => ((long)buffer.Count + Alignment - 1) / Alignment * Alignment;
}
