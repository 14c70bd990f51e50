using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Reductions over the threads of a group, through shared memory and in a fixed order.</summary>
/// <remarks>All threads of the group must call them, with one float of shared memory per thread.</remarks>
internal static class GroupReduction
{
    /// <summary>
    /// The sum over all threads whose index has the same remainder modulo <paramref name="width"/>, a power of two, as
    /// the calling thread's.
    /// </summary>
    public static float Sum(ArrayView<float> shared, float value, int width = 1)
    {
        var thread = Group.IdxX;
        shared[thread] = value;
        Group.Barrier();
        for (var half = Group.DimX >> 1; half >= width; half >>= 1)
        {
            if (thread < half) shared[thread] += shared[thread + half];
            Group.Barrier();        // outside the branch: all threads must reach it
        }

        var sum = shared[thread % width];
        Group.Barrier();            // the next call writes only after all threads have read
        return sum;
    }

    /// <summary>The maximum over all threads; undefined if there is a NaN.</summary>
    public static float Max(ArrayView<float> shared, float value)
    {
        var thread = Group.IdxX;
        shared[thread] = value;
        Group.Barrier();
        for (var half = Group.DimX >> 1; half > 0; half >>= 1)
        {
            if (thread < half && shared[thread + half] > shared[thread]) shared[thread] = shared[thread + half];
            Group.Barrier();
        }

        var max = shared[0];
        Group.Barrier();
        return max;
    }
}
