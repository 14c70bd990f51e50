namespace PyNetSharp.Kernels;

/// <summary>
/// The extents of a convolution, from which everything else about it follows:
/// y[n, p, q, k] = bias[k] + Σ over r, s, c of
/// x[n, p·stride + r·dilation − padding, q·stride + s·dilation − padding, g + c] · w[k, r, s, c],
/// where g is the first input channel of the group of k.
/// </summary>
/// <param name="N">Images.</param>
/// <param name="C">Input channels.</param>
/// <param name="H">Input rows.</param>
/// <param name="W">Input columns.</param>
/// <param name="K">Output channels.</param>
/// <param name="R">Rows of the kernel.</param>
/// <param name="S">Columns of the kernel.</param>
/// <param name="Stride">Input pixels from one output pixel to the next.</param>
/// <param name="Padding">Zeros on each side of the input.</param>
/// <param name="Dilation">
/// Input pixels from one tap to the next; 1 on an axis where the kernel has a single tap.
/// </param>
/// <param name="Groups">A divisor of C and of K.</param>
internal readonly record struct Conv2dProblem(
    int N, int C, int H, int W, int K, int R, int S, (int H, int W) Stride, (int H, int W) Padding,
    (int H, int W) Dilation, int Groups)
{
    /// <summary>Output rows.</summary>
    public int P => (int)OutputExtent(H, R, Stride.H, Padding.H, Dilation.H);

    /// <summary>Output columns.</summary>
    public int Q => (int)OutputExtent(W, S, Stride.W, Padding.W, Dilation.W);

    /// <summary>Input channels of a group: what each output channel sums over.</summary>
    public int GroupInputs => C / Groups;

    /// <summary>Output channels of a group.</summary>
    public int GroupOutputs => K / Groups;

    /// <summary>Multiplications by the definition; the input and the weight gradient take as many.</summary>
    public long MultiplyAdds => (long)N * P * Q * K * R * S * GroupInputs;

    /// <summary>
    /// The patches of x under the kernel, of the channels of one group: what the forward pass and the weight gradient
    /// multiply.
    /// </summary>
    public PatchGeometry InputPatches => new(N, H, W, GroupInputs, P, Q, R, S, Stride, (-Padding.H, -Padding.W))
    {
        Dilation = Dilation, PixelStride = C,
    };

    /// <summary>
    /// The input pixels fall into this many classes by their position modulo the stride. The kernel's taps that reach a
    /// class are its own, so the input gradient is one convolution of stride 1 per class, without a multiplication by
    /// an inserted zero.
    /// </summary>
    public int SubconvolutionCount => Math.Min(Stride.H, H) * Math.Min(Stride.W, W);

    /// <summary>Whether the kernel covers the whole image, so that each image is one row of a matrix.</summary>
    public bool KernelCoversImage => Groups == 1 && Padding == (0, 0) && (R, S) == (H, W);

    /// <summary>Whether x, as it is stored, is the matrix of its patches: [N·P·Q, C].</summary>
    public bool IsPointwise => Groups == 1 && (R, S) == (1, 1) && Stride == (1, 1) && Padding == (0, 0);

    /// <summary>
    /// The same computation; where the kernel covers the whole image, as a 1×1 convolution of one pixel with R·S·C
    /// channels, since image and kernel are stored in the same order. Otherwise the input gradient would multiply
    /// padding nearly everywhere.
    /// </summary>
    public Conv2dProblem AsPointwiseIfCovering =>
        KernelCoversImage ? this with { C = R * S * C, H = 1, W = 1, R = 1, S = 1 } : this;

    /// <param name="x">[N, C, H, W]</param>
    /// <param name="weight">[K, C / groups, R, S]</param>
    /// <param name="bias">[K], or null for none.</param>
    /// <exception cref="ShapeException">They do not fit together, or there is nothing to compute from.</exception>
    public static Conv2dProblem Create(
        Shape x, Shape weight, Shape? bias, (int H, int W) stride, (int H, int W) padding, (int H, int W) dilation,
        int groups)
    {
        var error =
            x.Rank != 4 ? "the input must be [n, c, h, w]"
            : weight.Rank != 4 ? "the weight must be [outputs, inputs, kh, kw]"
            : x[1] % groups != 0 ? $"{groups} groups do not divide the input's {x[1]} channels"
            : weight[0] % groups != 0 ? $"{groups} groups do not divide the weight's {weight[0]} outputs"
            : x[1] / groups != weight[1] ? ChannelError(x[1], weight[1], groups)
            : weight.Size == 0 ? "the weight is empty"
            : x[2] == 0 || x[3] == 0 ? "the images have no pixels"
            : bias is not null && (bias.Rank != 1 || bias[0] != weight[0]) ? $"the bias must be [{weight[0]}]"
            : OutputError(
                OutputExtent(x[2], weight[2], stride.H, padding.H, dilation.H),
                OutputExtent(x[3], weight[3], stride.W, padding.W, dilation.W));
        if (error is null)
            return new(
                x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], stride, padding,
                (weight[2] == 1 ? 1 : dilation.H, weight[3] == 1 ? 1 : dilation.W), groups);
        throw new ShapeException(
            $"Conv2d: {error}: input {x}, weight {weight}, bias {bias?.ToString() ?? "none"}, " +
            $"stride {stride}, padding {padding}, dilation {dilation}, groups {groups}.");
    }

    /// <summary>One of the convolutions of dy that make up the input gradient.</summary>
    /// <param name="index">From 0 to <see cref="SubconvolutionCount"/> − 1.</param>
    public Subconvolution GetSubconvolution(int index)
    {
        var (h, w) = Math.DivRem(index, Math.Min(Stride.W, W));
        var rows = SubconvolutionAxis.For(h, R, Stride.H, Padding.H, Dilation.H);
        var columns = SubconvolutionAxis.For(w, S, Stride.W, Padding.W, Dilation.W);
        return new((h, w), rows, columns, new(
            N, P, Q, GroupOutputs, (H - h - 1) / Stride.H + 1, (W - w - 1) / Stride.W + 1, rows.Taps, columns.Taps,
            (1, 1), (rows.Origin, columns.Origin))
        {
            Dilation = (rows.Dilation, columns.Dilation), PixelStride = K,
        });
    }

    private static string ChannelError(int channels, int inputs, int groups) => groups == 1
        ? $"the input has {channels} channels and the weight takes {inputs}"
        : $"the input has {channels / groups} channels in each of {groups} groups and the weight takes {inputs}";

    private static string? OutputError(long p, long q) =>
        p < 1 || q < 1 ? "the padded image is smaller than the dilated kernel"
        : p > int.MaxValue || q > int.MaxValue ? "the padding is too large"
        : null;

    /// <summary>
    /// Positions of the kernel along an axis; 0 if it does not fit. Huge padding yields more than an int holds.
    /// </summary>
    private static long OutputExtent(int size, int kernel, int stride, int padding, int dilation)
    {
        var room = size + 2L * padding - (kernel - 1L) * dilation - 1;
        return room < 0 ? 0 : room / stride + 1;
    }
}

/// <summary>
/// The matrix [N·P·Q, R·S·C] that im2col would make of channels-last images, as shapes: row (n, p, q) is the patch of
/// R×S pixels, <see cref="Dilation"/> apart, that begins at pixel (p, q)·stride + origin of image n. No kernel stores
/// it; CPUs read it through <see cref="Patches"/>, GPUs through <see cref="Im2ColGeometry"/>.
/// </summary>
/// <remarks>
/// Letters are of this matrix, not of the convolution: for the input gradient (H, W, C) are its (P, Q, K), and P, Q
/// count one class's pixels of dx.
/// </remarks>
/// <param name="N">Images.</param>
/// <param name="H">Rows of an image.</param>
/// <param name="W">Columns of an image.</param>
/// <param name="C">Channels of a patch: those of an image, or of one group.</param>
/// <param name="P">Patches down an image.</param>
/// <param name="Q">Patches across an image.</param>
/// <param name="R">Rows of a patch; 0 where no tap reaches this class of pixels.</param>
/// <param name="S">Columns of a patch; 0 likewise.</param>
/// <param name="Stride">Pixels from one patch to the next.</param>
/// <param name="Origin">The pixel under the first tap of the first patch; negative for padding.</param>
internal readonly record struct PatchGeometry(
    int N, int H, int W, int C, int P, int Q, int R, int S, (int H, int W) Stride, (int H, int W) Origin)
{
    /// <summary>Pixels from one tap of a patch to the next.</summary>
    public (int H, int W) Dilation { get; init; } = (1, 1);

    /// <summary>Floats from one pixel to the next: the channels of an image.</summary>
    public int PixelStride { get; init; } = C;

    /// <summary>Whether a patch has the channels of one group among several.</summary>
    public bool IsOfGroup => PixelStride != C;

    /// <summary>N·P·Q: the positions of the patches.</summary>
    public int Positions => N * P * Q;

    /// <summary>R·S·C: floats in a patch.</summary>
    public int PatchLength => R * S * C;

    /// <summary>S·C: the longest contiguous floats of a patch, a kernel row.</summary>
    public int MaxSegmentLength => S * C;
}

/// <summary>The part of an input gradient that yields one class of input pixels: a convolution of dy.</summary>
/// <param name="FirstPixel">The class' first input pixel; the others follow at the stride of the convolution.</param>
/// <param name="Rows">The kernel's rows that reach the class.</param>
/// <param name="Columns">The kernel's columns that reach the class.</param>
/// <param name="Patches">Of dy.</param>
internal readonly record struct Subconvolution(
    (int H, int W) FirstPixel, SubconvolutionAxis Rows, SubconvolutionAxis Columns, PatchGeometry Patches);

/// <summary>The taps that reach the input pixels of one class modulo the stride, along one axis.</summary>
/// <param name="FirstTap">The smallest such tap.</param>
/// <param name="TapStride">
/// The distance between two of them: the stride, without what it shares with the dilation.
/// </param>
/// <param name="Taps">Their number.</param>
/// <param name="Origin">The output pixel under the last tap for the first input pixel of the class.</param>
/// <param name="Dilation">Output pixels from one such tap to the next.</param>
internal readonly record struct SubconvolutionAxis(int FirstTap, int TapStride, int Taps, int Origin, int Dilation)
{
    /// <param name="pixel">The first input pixel of the class.</param>
    /// <param name="kernel">All taps of the axis.</param>
    /// <param name="stride">Of the convolution.</param>
    /// <param name="padding">Of the convolution.</param>
    /// <param name="dilation">Of the convolution.</param>
    public static SubconvolutionAxis For(int pixel, int kernel, int stride, int padding, int dilation)
    {
        // Output o meets input i at the tap t for which t·dilation = i + padding − o·stride: t·dilation is congruent to
        // i + padding modulo the stride, and the larger the tap the smaller the output. Such taps are stride / d apart,
        // where d is the greatest common divisor of stride and dilation, and their outputs dilation / d.
        var position = (long)pixel + padding;
        var divisor = GreatestCommonDivisor(stride, dilation);
        var tapStride = stride / divisor;
        var first = FirstTapOf(position, Math.Min(tapStride, kernel), stride, dilation);
        var taps = first < kernel ? (kernel - first - 1) / tapStride + 1 : 0;
        var origin = taps == 0 ? 0
            : (position - (long)first * dilation) / stride - (taps - 1L) * (dilation / divisor);
        return new(first, tapStride, taps, (int)origin, dilation / divisor);
    }

    /// <summary>The smallest tap that is congruent, if one below <paramref name="end"/> is.</summary>
    private static int FirstTapOf(long position, int end, int stride, int dilation)
    {
        if (dilation == 1) return (int)(position % stride);
        for (var tap = 0; tap < end; tap++)
            if ((position - (long)tap * dilation) % stride == 0)
                return tap;
        return int.MaxValue;
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
