using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Reductions over the threads of a group, through shared memory and in a fixed order.</summary>
/// <remarks>
/// All threads of the group must call them, with one float of shared memory per thread. Two steps, the square root of
/// the threads each: a tree would have a barrier per level, and barriers cost more than what they separate.
/// </remarks>
internal static class GroupReduction
{
    private const int FirstStepResults = 16;

    /// <summary>
    /// The sum over all threads whose index has the same remainder modulo <paramref name="width"/>, a power of two, as
    /// the calling thread's.
    /// </summary>
    public static float Sum(ArrayView<float> shared, float value, int width = 1)
    {
        var thread = Group.IdxX;
        shared[thread] = value;
        Group.Barrier();
        var end = Group.DimX;
        if (end > FirstStepResults * width)
        {
            // No other thread reads or writes these elements before the barrier.
            if (thread < FirstStepResults * width)
                shared[thread] = Sum(shared, thread, end, FirstStepResults * width);
            end = FirstStepResults * width;
            Group.Barrier();        // outside the branch: all threads must reach it
        }

        var sum = Sum(shared, thread % width, end, width);
        Group.Barrier();            // the next call writes only after all threads have read
        return sum;
    }

    /// <summary>The maximum over all threads; undefined if there is a NaN.</summary>
    public static float Max(ArrayView<float> shared, float value)
    {
        var thread = Group.IdxX;
        shared[thread] = value;
        Group.Barrier();
        var end = Group.DimX;
        if (end > FirstStepResults)
        {
            if (thread < FirstStepResults) shared[thread] = Max(shared, thread, end, FirstStepResults);
            end = FirstStepResults;
            Group.Barrier();
        }

        var max = Max(shared, 0, end, 1);
        Group.Barrier();
        return max;
    }

    private static float Sum(ArrayView<float> values, int first, int end, int step)
    {
        var sum = values[first];
        for (var i = first + step; i < end; i += step) sum += values[i];
        return sum;
    }

    private static float Max(ArrayView<float> values, int first, int end, int step)
    {
        var max = values[first];
        for (var i = first + step; i < end; i += step)
            if (values[i] > max) max = values[i];
        return max;
    }
}
