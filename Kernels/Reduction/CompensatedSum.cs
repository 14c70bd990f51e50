namespace PyNetSharp.Kernels;

/// <summary>A thread's sum of partial sums, with what its additions have rounded off: as good as in double.</summary>
/// <remarks>
/// A thread adds <see cref="BlockLength"/> numbers and then their sum here. Not every GPU has doubles, and none but the
/// dearest has fast ones.
/// </remarks>
/// <seealso href="https://doi.org/10.1002/zamm.19740540106">Neumaier, 1974</seealso>
internal struct CompensatedSum
{
    /// <summary>How many numbers a thread adds one after the other.</summary>
    public const int BlockLength = 64;

    private float sum, compensation;

    /// <summary>
    /// Where the stretch ends of a thread that takes every <paramref name="step"/>-th number from one on.
    /// </summary>
    public static int BlockEnd(int from, int step, int end) =>
        end - from > BlockLength * step ? from + BlockLength * step : end;

    public void Add(float x)
    {
        float next = sum + x, taken = next - sum;
        compensation += (sum - (next - taken)) + (x - taken);
        sum = next;
    }

    /// <summary>The sum; what is lost is no number where the sum is infinite.</summary>
    public readonly float Total => float.IsNaN(compensation) ? sum : sum + compensation;
}
