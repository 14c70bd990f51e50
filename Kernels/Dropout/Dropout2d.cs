namespace PyNetSharp;

/// <summary>Dropout of whole channels.</summary>
public static class Dropout2dOp
{
    extension(Tensor x)
    {
        /// <summary>Sets each channel of each image to 0 with probability <paramref name="p"/> and divides the others by 1 − p.</summary>
        /// <param name="p">From 0 (the result is <paramref name="x"/> itself) to 1 (all zeros).</param>
        /// <param name="seed">Which channels: draw a new one for each call. The same seed drops the same ones.</param>
        /// <returns>A tensor shaped like <paramref name="x"/>, [n, c, h, w].</returns>
        /// <exception cref="ArgumentOutOfRangeException">The probability is outside [0, 1].</exception>
        /// <exception cref="ShapeException">The rank is not 4.</exception>
        /// <remarks>The mask is computed again for the gradient instead of being kept.</remarks>
        /// <seealso href="https://arxiv.org/abs/1411.4280">Tompson et al., 2015, §3.2</seealso>
        public Tensor Dropout2d(float p, ulong seed) =>
            DropProbability.Check(p) == 0 ? x : new ChannelDropout(new DropoutMask(p, seed)).Apply(x);
    }
}

internal sealed class ChannelDropout(DropoutMask mask) : Op
{
    internal override string Name => "Dropout2d";

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Rank == 4
        ? x[0].Shape
        : throw new ShapeException($"Dropout2d: {x[0].Shape} is not [n, c, h, w].");

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Run(x[0], y);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = dy.Exclusive ? dy : new Tensor(dy.Shape, dy.Device);
        Run(dy, dx);
        return [dx];
    }

    private void Run(Tensor from, Tensor to)
    {
        var factors = Tensor.Full([from.Shape[0], from.Shape[1], 1, 1], 1, from.Device);
        mask.Apply(factors.Span, 0, factors.Span);
        Broadcast.Run<Multiply.Formula>(from, factors, to);
        factors.Discard();
    }
}
