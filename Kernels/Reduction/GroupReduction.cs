using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>What the threads of a group make of a number from each, through shared memory and in a fixed order.</summary>
/// <remarks>Every thread of the group must get to the call, with a float of shared memory for each thread.</remarks>
internal static class GroupReduction
{
    /// <summary>The sum over all threads, or over every <paramref name="width"/>-th from the caller on; width is a power of two.</summary>
    public static float Sum(ArrayView<float> lanes, float value, int width = 1)
    {
        var lane = Group.IdxX;
        lanes[lane] = value;
        Group.Barrier();
        for (var half = Group.DimX >> 1; half >= width; half >>= 1)
        {
            if (lane < half) lanes[lane] += lanes[lane + half];
            Group.Barrier();        // outside the branch: every lane must reach it
        }

        var sum = lanes[lane % width];
        Group.Barrier();            // the next call may write as soon as all have read
        return sum;
    }

    /// <summary>The greatest number over all threads; which one if there is a NaN is not said.</summary>
    public static float Max(ArrayView<float> lanes, float value)
    {
        var lane = Group.IdxX;
        lanes[lane] = value;
        Group.Barrier();
        for (var half = Group.DimX >> 1; half > 0; half >>= 1)
        {
            if (lane < half && lanes[lane + half] > lanes[lane]) lanes[lane] = lanes[lane + half];
            Group.Barrier();
        }

        var max = lanes[0];
        Group.Barrier();
        return max;
    }
}
