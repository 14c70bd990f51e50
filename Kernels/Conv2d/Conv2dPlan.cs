using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp;

/// <summary>How one pass of a layer is computed.</summary>
/// <param name="Algorithm">
/// "direct" (every multiplication of the definition), "few channels" (the same, with vectors of pixels instead of
/// channels), "Winograd F(m×m, r×r)" (fewer multiplications per tile of m×m outputs), "linear" (a matrix product: on
/// a CPU by the direct kernels with a single tap, on a GPU by the kernels of a linear layer), "depthwise" (vectors of
/// channels, each of which is a group) or "grouped" (the same, for groups of several but few channels).
/// </param>
/// <param name="Gflop">
/// 10⁹ operations by the definition, two per multiply-add, whatever the algorithm saves of them.
/// </param>
/// <param name="Reason">Why this algorithm, in a few words.</param>
public sealed record PassPlan(string Algorithm, double Gflop, string Reason);

/// <summary>
/// Which algorithm computes each pass of a convolution on CPUs, and why: chosen from the shapes and the width of the
/// CPU's vectors, and for the forward pass from whether a graph is recorded. For CPUs this is the only place that
/// chooses. Of its decisions GPUs use <see cref="IsLinear"/>, and choose Winograd themselves
/// (<see cref="WinogradGpu"/>); the indirection buffer uses <see cref="UsesRowSegments"/>.
/// </summary>
/// <param name="Forward">The output, while a graph is recorded (<see cref="GradMode.IsEnabled"/>).</param>
/// <param name="InputGradient">The gradient of the input.</param>
/// <param name="WeightGradient">The gradients of weight and bias.</param>
public sealed record Conv2dPlan(PassPlan Forward, PassPlan InputGradient, PassPlan WeightGradient)
{
    /// <summary>Weight gradients over more positions are computed in parts, which are added in double.</summary>
    internal const int MaxPositionsInFloat = 1 << 18;

    private const int RowSegmentChannelLimit = 16;

    private const int MinWinogradChannels = RowSegmentChannelLimit;     // its kernels know no row segments
    private const int MinTiles = 48;            // fewer are slower than direct: the filters are transformed too
    private const int MinTilesOfPreparedFilters = 4;
    private const double MinWinogradGain = 1.5;

    /// <summary>With fewer, the error of F(4×4, 5×5) would be more than ten times that of a direct sum.</summary>
    internal const int MinTilesForWeightGradient5x5 = 240;

    private const int MinFewChannelsTaps = 9;               // fewer are slower than direct, as the image is copied
    private const int MaxFewChannelsImage = 1 << 16;        // floats of a padded image: it stays in the L2 cache
    private const double MinFewChannelsGain = 1.25;

    private const string Direct = "direct", Linear = "linear";

    /// <summary>
    /// The output, while no graph is recorded: inference finds the filters transformed already
    /// (<see cref="PreparedWeights"/>), so Winograd's kernels pay for single images too; and a kernel that covers a
    /// single image is a matrix times a vector, with the weight where it is.
    /// </summary>
    /// <remarks>
    /// Where it differs from <see cref="Forward"/>, results differ by rounding: by up to 10⁻⁵ in the relative L2 norm.
    /// </remarks>
    public PassPlan Inference { get; init; } = Forward;

    /// <summary>The plan of a convolution.</summary>
    /// <param name="x">The input's shape, [N, C, H, W].</param>
    /// <param name="weight">[K, C / groups, R, S]</param>
    /// <param name="stride">At least 1.</param>
    /// <param name="padding">At least 0.</param>
    /// <param name="dilation">At least 1, which is the default.</param>
    /// <param name="groups">At least 1.</param>
    /// <exception cref="ShapeException">The convolution itself would throw it.</exception>
    public static Conv2dPlan For(
        Shape x, Shape weight, (int H, int W) stride, (int H, int W) padding, (int H, int W)? dilation = null,
        int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        var problem = Conv2dProblem.Create(
            x, weight, bias: null, stride, padding, dilation ?? (1, 1), groups).AsPointwiseIfCovering;
        var gflop = 2e-9 * problem.MultiplyAdds;
        return new(
            Describe(ChooseForward(problem)), Describe(ChooseInputGradient(problem)),
            DescribeWeightGradient(problem, gflop))
        {
            Inference = Describe(ChooseForward(problem, inference: true)),
        };

        PassPlan Describe(Conv2dAlgorithm algorithm) => new(algorithm.Name, gflop, algorithm.Reason);
    }

    /// <summary>The plan of a linear layer, whose passes are all matrix products.</summary>
    /// <param name="rows">Items of a batch.</param>
    /// <param name="inputs">Features of an item.</param>
    /// <param name="outputs">Features of its result.</param>
    public static Conv2dPlan ForLinear(int rows, int inputs, int outputs)
    {
        var gflop = 2e-9 * rows * inputs * outputs;
        return new(Product(rows, outputs, inputs), Product(rows, inputs, outputs), Product(outputs, inputs, rows));

        PassPlan Product(int m, int n, int k) =>
            new(Linear, gflop, FormattableString.Invariant($"matrix product, M×N×K = {m}×{n}×{k}"));
    }

    /// <param name="problem">As <see cref="Conv2dProblem.AsPointwiseIfCovering"/>.</param>
    /// <param name="inference">Whether no graph is recorded.</param>
    internal static Conv2dAlgorithm ChooseForward(
        in Conv2dProblem problem, bool directOnly = false, bool inference = false) =>
        problem.IsPointwise ? LinearAlgorithm
        : AcrossGroups(problem, problem.GroupOutputs, directOnly)
            ?? Choose(
                problem.InputPatches, problem.GroupOutputs, inference ? MinTilesOfPreparedFilters : MinTiles,
                directOnly);

    /// <summary>
    /// Whether the forward pass multiplies the weight by so few vectors that packing the weight would take longer.
    /// </summary>
    /// <param name="problem">As <see cref="Conv2dProblem.AsPointwiseIfCovering"/>.</param>
    /// <param name="inference">Whether no graph is recorded.</param>
    internal static bool UsesWeightInPlace(in Conv2dProblem problem, bool inference) =>
        inference && problem.IsPointwise && problem.InputPatches.Positions <= Gemv.MaxRows;

    /// <param name="problem">As <see cref="Conv2dProblem.AsPointwiseIfCovering"/>.</param>
    internal static Conv2dAlgorithm ChooseInputGradient(in Conv2dProblem problem, bool directOnly = false) =>
        problem.IsPointwise ? LinearAlgorithm
        : AcrossGroups(problem, problem.GroupInputs, directOnly)
            ?? (problem.Stride != (1, 1)
                ? new(Direct, "stride above 1: a subconvolution per class of input pixels")
                : Choose(problem.GetSubconvolution(0).Patches, problem.GroupInputs, MinTiles, directOnly));

    /// <summary>For a weight gradient that is computed for all groups at once; null if it is not.</summary>
    internal static Conv2dAlgorithm? ChooseGroupedWeightGradient(in Conv2dProblem problem, bool directOnly = false) =>
        AcrossGroups(problem, problem.GroupOutputs, directOnly);

    /// <param name="patches">Of the input, of at most <see cref="MaxPositionsInFloat"/> positions.</param>
    /// <param name="outputs">K, or those of a group.</param>
    internal static Conv2dAlgorithm ChooseWeightGradient(in PatchGeometry patches, int outputs, bool directOnly = false)
    {
        // Padding by more than half the kernel is mostly zeros, which a direct sum adds without rounding.
        var padding = -Math.Min(patches.Origin.H, patches.Origin.W);
        var allowsWinograd = padding <= patches.R / 2;
        return Choose(
            patches, outputs, patches.R == 5 ? MinTilesForWeightGradient5x5 : MinTiles, directOnly, allowsWinograd);
    }

    /// <summary>Whether GPUs compute the passes as those of a linear layer; otherwise as implicit GEMM.</summary>
    internal static bool IsLinear(in Conv2dProblem problem) => problem.AsPointwiseIfCovering.IsPointwise;

    /// <summary>
    /// Whether the direct kernels read a patch by kernel rows of S·C floats, of which those that cross the image's edge
    /// are copied. With few channels, one pointer per tap would be as much work as the arithmetic.
    /// </summary>
    internal static bool UsesRowSegments(in PatchGeometry patches) =>
        patches.C < RowSegmentChannelLimit && patches.S > 1 && patches.Dilation.W == 1 && !patches.IsOfGroup;

    /// <summary>On a CPU the direct kernels, with a single tap.</summary>
    private static Conv2dAlgorithm LinearAlgorithm => new(Linear, "every patch is one pixel, or the whole image");

    private static PassPlan DescribeWeightGradient(in Conv2dProblem problem, double gflop)
    {
        // A CPU runs it as the direct weight gradient: a single tap.
        if (problem.IsPointwise) return new(Linear, gflop, LinearAlgorithm.Reason);
        var outputs = problem.GroupOutputs;
        if (problem.InputPatches.Positions <= MaxPositionsInFloat || ChooseGroupedWeightGradient(problem) is not null)
        {
            var algorithm =
                ChooseGroupedWeightGradient(problem) ?? ChooseWeightGradient(problem.InputPatches, outputs);
            return new(algorithm.Name, gflop, algorithm.Reason);
        }

        var parts = Patches.WithoutImages(problem.InputPatches).Split(MaxPositionsInFloat)
            .ConvertAll(part => ChooseWeightGradient(part.Geometry, outputs));
        return new(
            string.Join(", ", parts.Select(part => part.Name).Distinct()), gflop,
            FormattableString.Invariant($"{parts[0].Reason}; {parts.Count} parts added in double"));
    }

    /// <summary>
    /// The kernels for all groups at once; null for a single group, and for groups that the direct kernels compute one
    /// after the other because their channels fill vectors.
    /// </summary>
    /// <param name="outputs">Channels of a group's result: of y, or of dx.</param>
    private static Conv2dAlgorithm? AcrossGroups(in Conv2dProblem problem, int outputs, bool directOnly) =>
        problem.Groups == 1 || directOnly ? null
        : problem is { GroupInputs: 1, GroupOutputs: 1 }
            ? new("depthwise", "each channel by itself: vectors of channels", IsAcrossGroups: true)
        : outputs >= DirectConvolution.Widest.Nr ? null
        : new(
            problem.GroupInputs == 1 ? "depthwise" : "grouped",
            "a group's channels would fill too little of a vector: vectors across groups", IsAcrossGroups: true);

    private static Conv2dAlgorithm Choose(
        in PatchGeometry patches, int outputs, int minTiles, bool directOnly, bool allowsWinograd = true)
    {
        if (directOnly) return new(Direct, "asked for");
        var winograd = WinogradFor(patches);
        var reason = !allowsWinograd
            ? "padding above half the kernel: Winograd rounds its zeros"
            : ReasonAgainstWinograd(winograd, patches, outputs, minTiles);
        if (winograd is not null && reason is null) return new(winograd.Name, winograd.Saving, Winograd: winograd);
        return FewChannelsConvolution.Widest is { } fewChannels && IsProfitable(fewChannels, patches, outputs)
            ? new("few channels", "the outputs would fill too little of a vector", FewChannels: fewChannels)
            : new(Direct, reason!);
    }

    /// <summary>
    /// The Winograd kernels for a kernel size, with the tiles that need the fewest multiplications; for few tiles those
    /// with the smallest filters, because reading them takes as long.
    /// </summary>
    private static WinogradConvolution? WinogradFor(in PatchGeometry patches) => (patches.R, patches.S) switch
    {
        (3, 3) when WinogradConvolution.F4x3 is { } f4x3 && WinogradConvolution.F5x3 is { } f5x3 =>
            TileCount(f4x3, patches) >= MinTiles && Multiplications(f5x3, patches) < Multiplications(f4x3, patches)
                ? f5x3
                : f4x3,
        (5, 5) => WinogradConvolution.F4x5,
        _ => null,
    };

    /// <summary>
    /// Why not Winograd; null if both channel counts fill vectors and what is saved exceeds the transforms.
    /// </summary>
    private static string? ReasonAgainstWinograd(
        WinogradConvolution? kernels, in PatchGeometry patches, int outputs, int minTiles)
    {
        if (patches.IsOfGroup) return "group by group, since a group's channels fill vectors";
        if (patches.Stride != (1, 1)) return "stride above 1";
        if (patches.Dilation != (1, 1)) return "dilation above 1";
        if (kernels is null) return "no Winograd kernels of this size";
        if (Math.Min(patches.C, outputs) < MinWinogradChannels) return "too few channels for Winograd";
        if (patches.C % kernels.VectorWidth != 0 || outputs % kernels.VectorWidth != 0)
            return "channels do not fill vectors";
        if (TileCount(kernels, patches) < minTiles) return "too few tiles to pay for Winograd's transforms";
        var direct = (long)patches.Positions * patches.R * patches.S;
        return direct < MinWinogradGain * Multiplications(kernels, patches)
            ? "tiles across the edge would save too little"
            : null;
    }

    /// <summary>Multiplications per pair of channels.</summary>
    private static long Multiplications(WinogradConvolution kernels, in PatchGeometry patches) =>
        TileCount(kernels, patches) * kernels.InputTileSize * kernels.InputTileSize;

    private static long TileCount(WinogradConvolution kernels, in PatchGeometry patches) =>
        (long)patches.N * CeilDiv(patches.P, kernels.OutputTileSize) * CeilDiv(patches.Q, kernels.OutputTileSize);

    /// <summary>
    /// Compares the tiles of an image: here of two vectors of pixels, in the direct kernels of mr pixels.
    /// </summary>
    private static bool IsProfitable(FewChannelsConvolution kernels, in PatchGeometry patches, int outputs)
    {
        var tiles = patches.P * CeilDiv(patches.Q, 2 * kernels.VectorWidth);
        return kernels.Supports(patches, outputs)
            && patches.R * patches.S >= MinFewChannelsTaps && patches.PatchLength <= MicroKernels.MaxKc
            && PaddedChwImage.For(patches, kernels.VectorWidth).Size <= MaxFewChannelsImage
            && patches.P * patches.Q >= MinFewChannelsGain * kernels.Mr * tiles;
    }

    private static int CeilDiv(int count, int size) => (count + size - 1) / size;
}

/// <summary>
/// An algorithm for one pass, as <see cref="Conv2dCpu"/> runs it: direct unless other kernels are given.
/// </summary>
/// <param name="IsAcrossGroups">Whether it is computed by <see cref="GroupedConvolution"/>.</param>
internal readonly record struct Conv2dAlgorithm(
    string Name, string Reason, WinogradConvolution? Winograd = null, FewChannelsConvolution? FewChannels = null,
    bool IsAcrossGroups = false);
