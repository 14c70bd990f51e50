namespace PyNetSharp.Benchmarks;

/// <summary>
/// The taps that lie over the image when the kernel is centred on a pixel, each with the input pixel under it.
/// </summary>
/// <param name="layer">Whose kernel.</param>
/// <param name="pixel">The output pixel's number, over all images.</param>
internal struct ValidTaps(ConvProblem layer, int pixel)
{
    private readonly int side = layer.Side, kernel = layer.Kernel;
    private readonly int top = pixel / layer.Side % layer.Side - layer.Padding;
    private readonly int left = pixel % layer.Side - layer.Padding;
    private readonly int image = pixel / (layer.Side * layer.Side) * layer.Side * layer.Side;
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
