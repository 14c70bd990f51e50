using System.Numerics;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>
/// How groups of threads sum the rows of matrices [·, n, extent]: a group has up to 32 columns, which are neighbours in
/// storage, and as many lanes as its threads allow, which share the rows.
/// </summary>
/// <remarks>The order of a sum depends on the shape alone, so its bits are the same at every run.</remarks>
internal readonly struct ColumnReduction(int extent)
{
    public const int Threads = 256;

    private const int MinRowsPerThread = 16;      // below that another group costs more than its sums

    private readonly int width = Math.Min(32, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, extent)));

    /// <summary>How many columns there are.</summary>
    public int Extent { get; } = extent;

    /// <summary>How many groups stand side by side.</summary>
    public int GroupCount => (Extent + width - 1) / width;

    /// <summary>How many threads share a column.</summary>
    public int ThreadsPerColumn => Threads / width;

    /// <summary>Which matrix, or which piece of one, this thread's group sums.</summary>
    public int MatrixIndex => Grid.IdxX / GroupCount;

    /// <summary>This thread's column; beyond the last one in a group at the edge.</summary>
    public int Column => Grid.IdxX % GroupCount * width + Group.IdxX % width;

    /// <summary>This thread's number among those of its column.</summary>
    public int ThreadInColumn => Group.IdxX / width;

    /// <summary>Into how many pieces to cut <paramref name="n"/> rows, so few that one group per column sums those.</summary>
    public int SliceCount(int n) => Math.Min(ThreadsPerColumn * MinRowsPerThread, (n + ThreadsPerColumn * MinRowsPerThread - 1) / (ThreadsPerColumn * MinRowsPerThread));

    /// <summary>The sum of all lanes' values of a column, for all of them. Every thread of the group must get here.</summary>
    /// <param name="lanes">Shared memory for <see cref="Threads"/> floats.</param>
    public float Sum(ArrayView<float> lanes, float value) => GroupReduction.Sum(lanes, value, width);
}
