namespace PyNetSharp.Benchmarks;

/// <summary>
/// The taps that lie over the image when the kernel is centered on a pixel, each with its input pixel.
/// </summary>
/// <param name="problem">The convolution.</param>
/// <param name="pixel">The output pixel's number, over all images.</param>
internal struct ValidTaps(ConvProblem problem, int pixel)
{
    private readonly int side = problem.Side, kernel = problem.Kernel;
    private readonly int top = pixel / problem.Side % problem.Side - problem.Padding;
    private readonly int left = pixel % problem.Side - problem.Padding;
    private readonly int image = pixel / (problem.Side * problem.Side) * problem.Side * problem.Side;
    private int tap = -1;

    public readonly (int Input, int Tap) Current => (image + (top + tap / kernel) * side + left + tap % kernel, tap);

    public readonly ValidTaps GetEnumerator() => this;

    public bool MoveNext()
    {
        while (++tap < kernel * kernel)
            if ((uint)(top + tap / kernel) < (uint)side && (uint)(left + tap % kernel) < (uint)side)
                return true;
        return false;
    }
}
