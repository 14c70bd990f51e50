namespace PyNetSharp.Layers;

/// <summary>
/// A convolution over images, with zero padding: y[n, k] = b[k] + Σ_c w[k, c] ⋆ x[n, c], where ⋆ is cross-correlation
/// and c runs over the input channels, or over those of k's group.
/// </summary>
public sealed class Conv2d : Module
{
    /// <summary>
    /// Draws weight and bias uniformly from ±1/√fan_in, as <c>torch.nn.Conv2d</c> does; fan_in = inputs / groups ·
    /// kernel size.
    /// </summary>
    /// <param name="inputs">Channels of the input; at least 1.</param>
    /// <param name="outputs">Channels of the output; at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernel; at least 1.</param>
    /// <param name="rng">Draws the parameters.</param>
    /// <param name="stride">The distance between kernel positions; at least 1, which is the default.</param>
    /// <param name="padding">Zeros added on each side; not negative.</param>
    /// <param name="bias">Whether a number is added to each output channel.</param>
    /// <param name="dilation">Input pixels from one tap of the kernel to the next; at least 1, the default.</param>
    /// <param name="groups">
    /// Into how many groups both kinds of channels are divided, each output seeing the inputs of its group; a divisor
    /// of both. With as many groups as inputs the convolution is depthwise.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A size is outside its range, or <paramref name="groups"/> does not divide the channels.
    /// </exception>
    public Conv2d(
        int inputs, int outputs, Size2d kernel, Rng rng,
        Size2d? stride = null, Size2d padding = default, bool bias = true, Size2d? dilation = null, int groups = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        ArgumentNullException.ThrowIfNull(rng);
        KernelSize = kernel.AtLeast(1, nameof(kernel));
        Stride = (stride ?? 1).AtLeast(1, nameof(stride));
        Padding = padding.AtLeast(0, nameof(padding));
        Dilation = (dilation ?? 1).AtLeast(1, nameof(dilation));
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        if (inputs % groups != 0 || outputs % groups != 0)
            throw new ArgumentOutOfRangeException(
                nameof(groups), groups, FormattableString.Invariant(
                    $"The groups must divide the {inputs} inputs and the {outputs} outputs."));
        Groups = groups;

        Weight = new(Tensor.Zeros([outputs, inputs / groups, KernelSize.H, KernelSize.W]));
        if (bias) Bias = new(Tensor.Zeros([outputs]));
        this.Initialize(Initialization.Default, rng);
    }

    /// <summary>[outputs, inputs / groups, rows, columns]</summary>
    public Parameter Weight { get; }

    /// <summary>[outputs], or null if the layer was created without one.</summary>
    public Parameter? Bias { get; }

    /// <summary>Rows and columns of the kernel.</summary>
    public Size2d KernelSize { get; }

    /// <summary>The distance between the kernel positions of adjacent output pixels.</summary>
    public Size2d Stride { get; }

    /// <summary>The number of zeros added on each side of the input.</summary>
    public Size2d Padding { get; }

    /// <summary>Input pixels from one tap of the kernel to the next.</summary>
    public Size2d Dilation { get; }

    /// <summary>Into how many groups the channels are divided.</summary>
    public int Groups { get; }

    /// <param name="x">[n, inputs, h, w]</param>
    /// <returns>
    /// [n, outputs, p, q] with p = ⌊(h + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1, and q likewise.
    /// </returns>
    /// <exception cref="ShapeException">
    /// The input has another number of channels, or is smaller than the kernel.
    /// </exception>
    protected override Tensor Forward(Tensor x) => Forward(x, relu: false);

    /// <summary>
    /// The convolution, with ReLU as its epilogue if <paramref name="relu"/>: no pass over memory between them.
    /// <see cref="Sequential"/> calls it where a ReLU follows.
    /// </summary>
    internal Tensor Forward(Tensor x, bool relu) => x.Conv2d(Weight, Bias, Stride, Padding, Dilation, Groups, relu);

    /// <inheritdoc/>
    protected override string Describe() =>
        $"{Weight.Shape[1] * Groups}, {Weight.Shape[0]}, kernel_size={KernelSize.PairString}, " +
        $"stride={Stride.PairString}" + (Padding == 0 ? "" : $", padding={Padding.PairString}") +
        (Dilation == 1 ? "" : $", dilation={Dilation.PairString}") + (Groups == 1 ? "" : $", groups={Groups}") +
        (Bias is null ? ", bias=False" : "");
}
