// The three passes of a convolution are matrix products whose extents follow from the shapes alone. Storage is channels
// last: x is N×H×W×C, w is K×R×S×C, y is N×P×Q×K. im2col(x) is the matrix [N·P·Q, R·S·C] of the patches of x under the
// kernel, which no kernel stores: CPUs read it through pointers (Patches), GPUs through index arithmetic
// (Im2ColOperand).
//
//   pass             product                      GEMM M     GEMM N     GEMM K
//   forward          y = im2col(x) · wᵀ           N·P·Q      K          R·S·C
//   input gradient   dx = im2col(dy) · flipped w  N·H·W      C          R·S·K     (stride 1)
//   weight gradient  dw = dyᵀ · im2col(x)         K          R·S·C      N·P·Q
//
// CPUs compute the transpose of the third: dwᵀ = im2col(x)ᵀ · dy.
// With a stride, the input gradient is one such product per class of input pixels modulo the stride (Subconvolution).
// With groups, there is one such product per group, with C / groups and K / groups channels; where these are too few
// to fill vectors, the kernels of Grouped/ compute all groups at once. Dilation changes which pixels a patch has.
// Conv2dPlan chooses the algorithm of each pass; Conv2dCpu and Conv2dGpu compute it.

using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Two-dimensional convolution of images.</summary>
public static class Conv2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Two-dimensional convolution (cross-correlation, as is usual in deep learning) with zero padding.
        /// </summary>
        /// <param name="weight">[K, C / groups, R, S]</param>
        /// <param name="bias">[K], or null for none.</param>
        /// <param name="stride">Input pixels from one output pixel to the next, down and across; at least 1.</param>
        /// <param name="padding">Zeros around each image, on both sides; at least 0.</param>
        /// <param name="dilation">
        /// Input pixels from one tap of the kernel to the next, down and across; at least 1, which is the default.
        /// </param>
        /// <param name="groups">
        /// Into how many groups both kinds of channels are divided: each output channel sums over the C / groups input
        /// channels of its group. At least 1; C groups are a depthwise convolution.
        /// </param>
        /// <param name="relu">Whether to end with max(·, 0), as part of the kernel's epilogue.</param>
        /// <returns>
        /// [N, K, P, Q], where this tensor is [N, C, H, W],
        /// P = ⌊(H + 2·padding − dilation·(R − 1) − 1) / stride⌋ + 1 and Q likewise.
        /// </returns>
        /// <exception cref="ShapeException">
        /// The ranks or channels do not fit, <paramref name="groups"/> does not divide C and K, the weight is empty,
        /// the images have no pixels, or the padded image is smaller than the dilated kernel or too large.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">
        /// The stride, the padding, the dilation or the number of groups is out of range.
        /// </exception>
        /// <seealso href="https://arxiv.org/abs/1511.07122">Yu and Koltun, 2016: dilation</seealso>
        /// <seealso href="https://arxiv.org/abs/1704.04861">Howard et al., 2017: depthwise convolutions</seealso>
        public Tensor Conv2d(
            Tensor weight, Tensor? bias, (int H, int W) stride, (int H, int W) padding,
            (int H, int W)? dilation = null, int groups = 1, bool relu = false)
        {
            ArgumentNullException.ThrowIfNull(weight);
            var (down, across) = dilation ?? (1, 1);
            ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(stride.H, stride.W), 1, nameof(stride));
            ArgumentOutOfRangeException.ThrowIfNegative(Math.Min(padding.H, padding.W), nameof(padding));
            ArgumentOutOfRangeException.ThrowIfLessThan(Math.Min(down, across), 1, nameof(dilation));
            ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
            var op = new Conv2dOp(stride, padding, relu) { Dilation = (down, across), Groups = groups };
            return bias is null ? op.Apply(x, weight) : op.Apply(x, weight, bias);
        }

        /// <summary>As the other form, with the same stride, padding and dilation on both axes.</summary>
        /// <inheritdoc cref="Conv2d(
        /// Tensor, Tensor, Tensor?, ValueTuple{int, int}, ValueTuple{int, int}, ValueTuple{int, int}?, int, bool)"/>
        public Tensor Conv2d(
            Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int dilation = 1, int groups = 1,
            bool relu = false) =>
            x.Conv2d(weight, bias, (stride, stride), (padding, padding), (dilation, dilation), groups, relu);
    }
}

/// <summary>The three passes of a convolution on one kind of device.</summary>
/// <remarks>
/// x and dx are [N, C, H, W], weight and dw [K, C / groups, R, S], bias and db [K], y and dy [N, K, P, Q].
/// </remarks>
internal interface IConv2d
{
    /// <summary>y = x ⋆ weight + bias, then max(·, 0) if <paramref name="relu"/>.</summary>
    void Forward(Conv2dProblem problem, Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y);

    /// <summary>
    /// dx: a convolution of dy with the flipped kernel, whose input and output channels are exchanged (in each group).
    /// </summary>
    void InputGradient(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx);

    /// <summary>dw: the patches of x, weighted with dy; db: the sums of dy over N, P and Q.</summary>
    void WeightGradient(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db);
}

internal sealed class Conv2dOp((int H, int W) stride, (int H, int W) padding, bool relu) : Op
{
    private Conv2dProblem problem;
    private Tensor x = null!, weight = null!;
    private Tensor? y;

    public (int H, int W) Dilation { get; init; } = (1, 1);

    public int Groups { get; init; } = 1;

    /// <summary>Whether CPUs use the direct kernels alone: for comparisons of time and of rounding.</summary>
    public bool DirectOnly { get; init; }

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> inputs)
    {
        problem = Conv2dProblem.Create(
            inputs[0].Shape, inputs[1].Shape, inputs.Length > 2 ? inputs[2].Shape : null, stride, padding,
            Dilation, Groups);
        return [problem.N, problem.K, problem.P, problem.Q];
    }

    protected override void Forward(ReadOnlySpan<Tensor> inputs, Tensor y)
    {
        (x, weight) = (inputs[0], inputs[1]);
        KernelsFor(y).Forward(problem, x, weight, inputs.Length > 2 ? inputs[2] : null, relu, y);

        if (Needed(0)) Save(weight);
        if (Needed(1) || Needed(2)) Save(x);
        if (relu) this.y = Save(y);
    }

    internal override FusedOp? FuseWith(
        Op next, ReadOnlySpan<Tensor?> constants, ReadOnlySpan<Tensor?> nextConstants, bool exactly)
    {
        if (relu) return null;
        if (next is ElementwiseOp<Relu>) return new(With(relu: true));
        return !exactly && FoldedBatchNorm.Of(next, constants, nextConstants) is { } folded
            ? new(With(relu: false), folded)
            : null;
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        var y = graph.Add(
            "Conv", x, ("kernel_shape", (int[])[problem.R, problem.S]), ("strides", (int[])[stride.H, stride.W]),
            ("pads", (int[])[padding.H, padding.W, padding.H, padding.W]),
            ("dilations", (int[])[Dilation.H, Dilation.W]), ("group", Groups));
        return relu ? graph.Add("Relu", [y]) : y;
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        // masked is dy itself (no ReLU, or masked in place, since the pass holds the only reference) or a new tensor,
        // which the scope releases.
        using var temporary = new TemporaryTensor(relu ? FusedRelu.Backward(dy, y!) : dy, borrowed: dy);
        if (relu) ReleaseSaved(y!);
        var masked = temporary.Tensor;
        var dx = Needed(0) ? InputGradient(masked) : null;
        var (dw, db) = Needed(1) || Needed(2) ? WeightGradient(masked) : (null, null);
        if (Edges.Length > 2) return [dx, dw, db];
        // The kernels compute it together with dw, also without a bias.
        db?.Release();
        return [dx, dw];
    }

    private Tensor InputGradient(Tensor dy)
    {
        using var scope = OpObserver.BeginScope(this, Pass.InputGradient);
        var dx = new Tensor(x.Shape, dy.Device);        // only the shape: x may have been freed
        KernelsFor(dy).InputGradient(problem, dy, weight, dx);
        return dx;
    }

    private (Tensor Weight, Tensor Bias) WeightGradient(Tensor dy)
    {
        using var scope = OpObserver.BeginScope(this, Pass.WeightGradient);
        // Only the shape: weight may have been freed
        var (dw, db) = (new Tensor(weight.Shape, dy.Device), new Tensor([weight.Shape[0]], dy.Device));
        KernelsFor(dy).WeightGradient(problem, dy, x, dw, db);
        return (dw, db);
    }

    private Conv2dOp With(bool relu) => new(stride, padding, relu)
    {
        problem = problem, Dilation = Dilation, Groups = Groups, DirectOnly = DirectOnly,
    };

    private IConv2d KernelsFor(Tensor tensor) =>
        !tensor.IsOnCpu ? Gpu(DirectOnly) : DirectOnly ? Conv2dCpu.DirectOnly : Conv2dCpu.Instance;

    /// <summary>A method of its own, so that a process that uses only CPUs does not load ILGPU.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Conv2dGpu Gpu(bool directOnly) =>
        directOnly ? Conv2dGpu.DirectOnly : Conv2dGpu.Instance;
}
