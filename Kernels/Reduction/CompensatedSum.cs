namespace PyNetSharp.Kernels;

/// <summary>
/// A thread's sum of partial sums, with the rounding errors of its additions: about as accurate as in double.
/// </summary>
/// <remarks>
/// A thread adds <see cref="BlockLength"/> numbers in single precision and then their sum to this one. Not every GPU
/// has doubles, and on most of them they are slow.
/// </remarks>
/// <seealso href="https://doi.org/10.1002/zamm.19740540106">Neumaier, 1974</seealso>
internal struct CompensatedSum
{
    /// <summary>How many numbers a thread adds in single precision.</summary>
    public const int BlockLength = 64;

    private float sum, compensation;

    /// <summary>
    /// The end of the block that begins at <paramref name="from"/>, for a thread that adds every
    /// <paramref name="step"/>-th number.
    /// </summary>
    public static int BlockEnd(int from, int step, int end) =>
        end - from > BlockLength * step ? from + BlockLength * step : end;

    public void Add(float x)
    {
        float next = sum + x, added = next - sum;
        compensation += (sum - (next - added)) + (x - added);
        sum = next;
    }

    /// <summary>The sum. The compensation is NaN where the sum is infinite.</summary>
    public readonly float Total => float.IsNaN(compensation) ? sum : sum + compensation;
}
