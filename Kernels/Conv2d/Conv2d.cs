namespace PyNetSharp;

/// <summary>Two-dimensional convolution of images.</summary>
public static class Conv2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>Two-dimensional convolution (cross-correlation, as everywhere in this field) with zero padding.</summary>
        /// <param name="weight">[outputs, inputs, kh, kw]</param>
        /// <param name="bias">[outputs], or null for none.</param>
        /// <param name="stride">Pixels from one window to the next; at least 1.</param>
        /// <param name="padding">Zeros around each image, on both sides; at least 0.</param>
        /// <param name="relu">Whether to end with max(·, 0), which costs no pass over memory here.</param>
        /// <returns>[n, outputs, ⌊(h + 2·padding − kh) / stride⌋ + 1, …], where this tensor is [n, inputs, h, w].</returns>
        /// <exception cref="ShapeException">
        /// The ranks or channels do not fit, the weight is empty, the images have no pixels, or the padded image is
        /// smaller than the kernel or too large.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">The stride or the padding is out of range.</exception>
        public Tensor Conv2d(
            Tensor weight, Tensor? bias, (int H, int W) stride, (int H, int W) padding, bool relu = false)
        {
            ArgumentNullException.ThrowIfNull(weight);
            ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(stride.H, stride.W), 1, nameof(stride));
            ArgumentOutOfRangeException.ThrowIfNegative(Math.Min(padding.H, padding.W), nameof(padding));
            var op = new Conv2dOp(stride, padding, relu);
            return bias is null ? op.Apply(x, weight) : op.Apply(x, weight, bias);
        }

        /// <summary>As the other form, with the same stride and padding on both axes.</summary>
        /// <inheritdoc cref="Conv2d(Tensor, Tensor, Tensor?, ValueTuple{int, int}, ValueTuple{int, int}, bool)"/>
        public Tensor Conv2d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, bool relu = false) =>
            x.Conv2d(weight, bias, (stride, stride), (padding, padding), relu);
    }
}

internal sealed partial class Conv2dOp((int H, int W) stride, (int H, int W) padding, bool relu) : Op
{
    private Tensor x = null!, weight = null!;
    private Tensor? y;

    /// <summary>Whether to multiply as often as the definition does, also where Winograd's way would pay: to time both.</summary>
    public bool ForceDirect { get; init; }

    internal override string Name => "Conv2d";

    protected override Shape Infer(ReadOnlySpan<Tensor> inputs)
    {
        var (x, weight, bias) = (inputs[0].Shape, inputs[1].Shape, inputs.Length > 2 ? inputs[2].Shape : null);
        var problem =
            x.Rank != 4 ? "the input must be [n, c, h, w]"
            : weight.Rank != 4 ? "the weight must be [outputs, inputs, kh, kw]"
            : x[1] != weight[1] ? $"the input has {x[1]} channels and the weight takes {weight[1]}"
            : weight.Size == 0 ? "the weight is empty"
            : x[2] == 0 || x[3] == 0 ? "the images have no pixels"
            : bias is not null && (bias.Rank != 1 || bias[0] != weight[0]) ? $"the bias must be [{weight[0]}]"
            : OutputSize(x[2], weight[2], stride.H, padding.H) < 1 || OutputSize(x[3], weight[3], stride.W, padding.W) < 1
                ? "the padded image is smaller than the kernel"
            : OutputSize(x[2], weight[2], stride.H, padding.H) > int.MaxValue || OutputSize(x[3], weight[3], stride.W, padding.W) > int.MaxValue
                ? "the padding is too large"
            : null;
        if (problem is not null)
            throw new ShapeException(
                $"Conv2d: {problem}: input {x}, weight {weight}, bias {bias?.ToString() ?? "none"}, stride {stride}, padding {padding}.");

        return
        [
            x[0], weight[0],
            (int)OutputSize(x[2], weight[2], stride.H, padding.H), (int)OutputSize(x[3], weight[3], stride.W, padding.W),
        ];
    }

    protected override void Forward(ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        (x, weight) = (inputs[0], inputs[1]);
        var bias = inputs.Length > 2 ? inputs[2] : null;
        if (y.IsOnCpu) Forward(x, weight, bias, y);
        else ForwardOnGpu(x, weight, bias, y);

        if (Needed(0)) Save(weight);
        if (Needed(1) || Needed(2)) Save(x);
        if (relu) this.y = Save(y);
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        using var temporary = new TemporaryTensor(relu ? FusedRelu.Backward(dy, y!) : dy, borrowed: dy);
        if (relu) ReleaseSaved(y!);
        var masked = temporary.Tensor;
        var dx = Needed(0) ? InputGradient(masked) : null;
        var (dw, db) = Needed(1) || Needed(2) ? WeightGradient(masked) : (null, null);
        if (Edges.Length > 2) return [dx, dw, db];
        db?.Release();                              // the kernels yield it with the weight's, also where there is no bias
        return [dx, dw];
    }

    private Tensor InputGradient(Tensor dy)
    {
        using var watched = OpObserver.BeginScope(this, Pass.InputGradient);
        var dx = new Tensor(x.Shape, dy.Device);
        if (dy.IsOnCpu) InputGradient(dy, dx);
        else InputGradientOnGpu(dy, dx);
        return dx;
    }

    private (Tensor Weight, Tensor Bias) WeightGradient(Tensor dy)
    {
        using var watched = OpObserver.BeginScope(this, Pass.WeightGradient);
        var (dw, db) = (new Tensor(weight.Shape, dy.Device), new Tensor([weight.Shape[0]], dy.Device));
        if (dy.IsOnCpu) WeightGradient(dy, dw, db);
        else WeightGradientOnGpu(dy, dw, db);
        return (dw, db);
    }

    /// <summary>Positions of the kernel along an axis; below 1 where it does not fit, and more than an int where the padding is absurd.</summary>
    private static long OutputSize(int size, int kernel, int stride, int padding)
    {
        var room = size + 2L * padding - kernel;
        return room < 0 ? 0 : room / stride + 1;
    }
}
