namespace PyNetSharp;

/// <summary>A thread's sum of partial sums, with what its additions have rounded off: as good as in double.</summary>
/// <remarks>
/// A thread adds <see cref="Stretch"/> numbers and then their sum here. Not every GPU has doubles, and none but the
/// dearest has fast ones.
/// </remarks>
/// <seealso href="https://doi.org/10.1002/zamm.19740540106">Neumaier, 1974</seealso>
internal struct LongSum
{
    /// <summary>How many numbers a thread adds one after the other.</summary>
    public const int Stretch = 64;

    private float sum, lost;

    /// <summary>
    /// Where the stretch ends of a thread that takes every <paramref name="step"/>-th number from one on.
    /// </summary>
    public static int EndOfStretch(int from, int step, int end) =>
        end - from > Stretch * step ? from + Stretch * step : end;

    public void Add(float x)
    {
        float next = sum + x, taken = next - sum;
        lost += (sum - (next - taken)) + (x - taken);
        sum = next;
    }

    /// <summary>The sum; what is lost is no number where the sum is infinite.</summary>
    public readonly float Total => float.IsNaN(lost) ? sum : sum + lost;
}
