namespace PyNetSharp;

/// <summary>The body of a loop whose iterations run on all threads: <see cref="CpuDevice"/>'s <c>For</c>.</summary>
/// <remarks>
/// As a struct it costs no allocation, where a lambda would be an object per loop. One copy serves all threads.
/// </remarks>
public interface ILoopBody
{
    /// <summary>Iteration number <paramref name="i"/>.</summary>
    void Run(int i);
}

/// <summary>The body of a loop over ranges: <see cref="CpuDevice"/>'s <c>ForRanges</c>.</summary>
/// <inheritdoc cref="ILoopBody"/>
public interface IRangeBody
{
    /// <summary><paramref name="length"/> iterations, from number <paramref name="start"/> on.</summary>
    void Run(int start, int length);
}
