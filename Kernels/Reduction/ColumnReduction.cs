using System.Numerics;
using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>
/// How groups of threads sum the rows of matrices [·, n, extent]: a group has up to 32 contiguous columns, and its
/// threads share the rows of each.
/// </summary>
/// <remarks>The order of a sum depends on the shape alone, so its bits are the same at every run.</remarks>
internal readonly struct ColumnReduction(int extent)
{
    public const int Threads = 256;

    private const int MinRowsPerThread = 16;        // with fewer, the second launch costs more than it saves

    private readonly int width = Math.Min(32, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, extent)));

    /// <summary>The number of columns.</summary>
    public int Extent { get; } = extent;

    /// <summary>The number of columns of a group, a power of two.</summary>
    public int Width => width;

    /// <summary>The number of groups that share the columns.</summary>
    public int GroupCount => (Extent + width - 1) / width;

    /// <summary>The number of threads that share a column.</summary>
    public int ThreadsPerColumn => Threads / width;

    /// <summary>The matrix, or the slice of one, that this thread's group sums.</summary>
    public int MatrixIndex => Grid.IdxX / GroupCount;

    /// <summary>This thread's column; in the last group it may be outside the extent.</summary>
    public int Column => Grid.IdxX % GroupCount * width + Group.IdxX % width;

    /// <summary>This thread's index among those of its column.</summary>
    public int ThreadInColumn => Group.IdxX / width;

    /// <summary>
    /// The number of slices to cut <paramref name="n"/> rows into: few enough that one group per column adds their
    /// sums.
    /// </summary>
    public int SliceCount(int n)
    {
        var rowsPerSlice = ThreadsPerColumn * MinRowsPerThread;
        return Math.Min(rowsPerSlice, (n + rowsPerSlice - 1) / rowsPerSlice);
    }

    /// <summary>
    /// The sum of the values of all threads of a column, returned to each of them. All threads of the group must call
    /// it.
    /// </summary>
    /// <param name="shared">Shared memory for <see cref="Threads"/> floats.</param>
    public float Sum(ArrayView<float> shared, float value) => GroupReduction.Sum(shared, value, width);
}
