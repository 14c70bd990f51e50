namespace PyNetSharp;

/// <summary>Copies.</summary>
public static class CloneExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// A copy in storage of its own. A gradient flows through, as in PyTorch; <c>Detach().Clone()</c> is in no
        /// graph.
        /// </summary>
        public Tensor Clone() => new CloneOp().Apply(x);
    }
}

internal sealed class CloneOp : Op
{
    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) =>
        y.Device.Copy(x[0].Storage, y.Storage, y.Shape.Size);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) => x[0];

    protected internal override Tensor?[] Backward(Tensor dy) => [dy];
}
