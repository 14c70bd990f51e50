using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels;

/// <summary>
/// Convolutions whose groups have few channels, depthwise ones above all: a vector holds the output channels of several
/// groups.
/// </summary>
/// <remarks>
/// With one input and one output channel per group, an output vector is a sum over the taps of input vector times
/// weight vector, elementwise. All other groups are sums of such depthwise convolutions, one per input channel of a
/// group, whose rows <see cref="LaneRows"/> copies so that input and output channels stand side by side.
/// </remarks>
internal abstract unsafe class GroupedConvolution
{
    /// <summary>With the widest vectors of this CPU that the output channels fill.</summary>
    public static GroupedConvolution For(int channels) =>
        VectorDispatch.Create<Factory, GroupedConvolution>(channels);

    /// <summary>
    /// output[position, k] = bias[k] + Σ over taps and over the input channels of k's group, then perhaps max(·, 0).
    /// </summary>
    /// <param name="patches">Of the channels of the first group, without a zero buffer.</param>
    /// <param name="outputs">Output channels of a group.</param>
    /// <param name="packed">[R, C of a group, S, output channels], as <see cref="GroupedWeights"/> packs.</param>
    /// <param name="bias">[output channels]</param>
    public abstract void Convolve(
        CpuDevice cpu, Patches patches, int outputs, float* packed, float* bias, bool relu, StridedOutput output);

    /// <summary>dw and db of all groups.</summary>
    /// <param name="patches">As in <see cref="Convolve"/>.</param>
    /// <param name="dy">[positions, channels]</param>
    /// <param name="channels">K: at least a vector.</param>
    /// <param name="outputs">Output channels of a group.</param>
    /// <param name="dw">[K, R, S, C of a group]</param>
    /// <param name="db">[K]</param>
    public abstract void WeightGradient(
        CpuDevice cpu, Patches patches, float* dy, int channels, int outputs, float* dw, float* db);

    private readonly struct Factory : IVectorFactory<GroupedConvolution>
    {
        public GroupedConvolution Create<V>() where V : struct, IVector<V> => GroupedConvolution<V>.Instance;
    }
}

/// <inheritdoc/>
internal sealed unsafe class GroupedConvolution<V> : GroupedConvolution where V : struct, IVector<V>
{
    public static GroupedConvolution<V> Instance { get; } = new();

    public override void Convolve(
        CpuDevice cpu, Patches patches, int outputs, float* packed, float* bias, bool relu, StridedOutput output) =>
        GroupedForward<V>.Run(cpu, patches, outputs, packed, bias, relu, output);

    public override void WeightGradient(
        CpuDevice cpu, Patches patches, float* dy, int channels, int outputs, float* dw, float* db) =>
        GroupedWeightGradient<V>.Run(cpu, patches, dy, channels, outputs, dw, db);
}

/// <summary>
/// Weights in the order in which <see cref="GroupedConvolution"/> reads them: output channels fastest.
/// </summary>
internal static unsafe class GroupedWeights
{
    /// <summary>packed[r, i, s, k] = weight[k, r, s, i], where i is an input channel of k's group.</summary>
    /// <param name="weight">[K, R, S, C / groups]</param>
    public static void Pack(CpuDevice cpu, float* weight, Conv2dProblem problem, float* packed)
    {
        var (channels, inputs, taps) = (problem.K, problem.GroupInputs, problem.S);
        cpu.For(problem.R, r =>
        {
            var to = packed + (nint)r * inputs * taps * channels;
            for (var i = 0; i < inputs; i++)
                for (var s = 0; s < taps; s++, to += channels)
                {
                    var from = weight + (r * taps + s) * inputs + i;
                    for (nint k = 0; k < channels; k++) to[k] = from[k * problem.R * taps * inputs];
                }
        });
    }

    /// <summary>
    /// As <see cref="Pack"/> for one part of an input gradient, last tap first: packed[r, j, s, c] =
    /// weight[j-th output of c's group, row r, column s, c in its group].
    /// </summary>
    public static void PackSubconvolution(
        CpuDevice cpu, float* weight, Conv2dProblem problem, SubconvolutionAxis rows, SubconvolutionAxis columns,
        float* packed)
    {
        var (channels, inputs, outputs) = (problem.C, problem.GroupInputs, problem.GroupOutputs);
        nint perOutput = problem.R * problem.S * inputs;
        cpu.For(rows.Taps, r =>
        {
            var to = packed + (nint)r * outputs * columns.Taps * channels;
            var row = rows.FirstTap + (rows.Taps - 1 - r) * rows.TapStride;
            for (var j = 0; j < outputs; j++)
                for (var s = columns.Taps - 1; s >= 0; s--, to += channels)
                {
                    var from = weight + j * perOutput
                        + (row * problem.S + columns.FirstTap + s * columns.TapStride) * inputs;
                    for (var (c, group) = (0, 0); c < channels; group++)
                        for (var i = 0; i < inputs; i++, c++) to[c] = from[group * outputs * perOutput + i];
                }
        });
    }
}
