using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The three passes on a CPU: prepares packed weights and a zero buffer, and runs the algorithm that
/// <see cref="Conv2dPlan"/> chooses.
/// </summary>
internal sealed unsafe class Conv2dCpu : IConv2d
{
    private static readonly DirectConvolution Direct = DirectConvolution.Widest;

    private readonly bool directOnly;

    private Conv2dCpu(bool directOnly) => this.directOnly = directOnly;

    public static Conv2dCpu Instance { get; } = new(directOnly: false);

    /// <summary>Without Winograd and few-channel kernels.</summary>
    public static Conv2dCpu DirectOnly { get; } = new(directOnly: true);

    public void Forward(Conv2dProblem problem, Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y)
    {
        problem = problem.AsPointwiseIfCovering;
        if (!directOnly && Conv2dPlan.UsesWeightInPlace(problem, inference: !GradMode.IsEnabled))
        {
            var rows = new Matrix((nint)x.Pointer, problem.InputPatches.Positions, problem.C, false);
            var columns = new Matrix((nint)weight.Pointer, problem.C, problem.K, true);
            GemmCpu.Widest.Multiply(x.Cpu, rows, columns, y.Pointer, bias is null ? null : bias.Pointer, relu);
            return;
        }

        var algorithm = Conv2dPlan.ChooseForward(problem, directOnly, inference: !GradMode.IsEnabled);
        if (algorithm.IsAcrossGroups)
        {
            GroupedConv2dCpu.Forward(problem, x, weight, bias, relu, y);
            return;
        }

        var (outputs, depth) = (problem.GroupOutputs, problem.InputPatches.PatchLength);
        var zeros = ZeroBuffer.Get(problem.InputPatches.MaxSegmentLength);
        var layout = algorithm.Winograd ?? (IWeightLayout)Direct;
        using var kept = PreparedWeights.Acquire(weight, layout, depth, outputs);
        var isKept = kept.Pointer != null;
        using var packed = isKept ? default : new Workspace(x.Device, Direct.PackedSize(depth, outputs));
        using var packedBias = new PackedBias(x.Device, bias, outputs, problem.Groups);
        for (var group = 0; group < problem.Groups; group++)
        {
            var first = group * outputs;
            if (!isKept)
                Direct.PackTransposed(x.Cpu, weight.Pointer + (nint)first * depth, depth, outputs, packed.Pointer);
            Convolve(
                x.Cpu, algorithm, new(x.Pointer + group * problem.GroupInputs, zeros, problem.InputPatches),
                isKept ? kept.Pointer + (nint)group * layout.PreparedSize(depth, outputs) : packed.Pointer, isKept,
                packedBias.OfGroup(group), relu,
                new(y.Pointer + first, outputs, problem.P, problem.Q, (1, 1), (0, 0)) { PixelStride = problem.K });
        }
    }

    public void InputGradient(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx)
    {
        problem = problem.AsPointwiseIfCovering;
        var algorithm = Conv2dPlan.ChooseInputGradient(problem, directOnly);
        if (algorithm.IsAcrossGroups)
        {
            GroupedConv2dCpu.InputGradient(problem, dy, weight, dx);
            return;
        }

        var (inputs, outputs, depth) = (problem.GroupInputs, problem.GroupOutputs, problem.R * problem.S);
        // The longest segment that any class may have: a kernel row.
        var zeros = ZeroBuffer.Get(problem.S * outputs);
        using var packed = new Workspace(dx.Device, Direct.PackedSize(depth * outputs, inputs));
        using var noBias = new PackedBias(dx.Device, bias: null, inputs, groups: 1);
        for (var i = 0; i < problem.SubconvolutionCount; i++)
        {
            var sub = problem.GetSubconvolution(i);
            for (var group = 0; group < problem.Groups; group++)
            {
                var (firstInput, firstOutput) = (group * inputs, group * outputs);
                Direct.PackSubconvolution(
                    dx.Cpu, weight.Pointer + (nint)firstOutput * depth * inputs, outputs, inputs,
                    (problem.R, problem.S), sub.Rows, sub.Columns, packed.Pointer);
                Convolve(
                    dx.Cpu, algorithm, new(dy.Pointer + firstOutput, zeros, sub.Patches),
                    packed.Pointer, isKept: false, noBias.OfGroup(0), relu: false,
                    new(dx.Pointer + firstInput, inputs, problem.H, problem.W, problem.Stride, sub.FirstPixel)
                    {
                        PixelStride = problem.C,
                    });
            }
        }
    }

    public void WeightGradient(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db)
    {
        problem = problem.AsPointwiseIfCovering;
        if (Conv2dPlan.ChooseGroupedWeightGradient(problem, directOnly) is not null)
        {
            GroupedConv2dCpu.WeightGradient(problem, dy, x, dw, db);
            return;
        }

        var (outputs, weights) = (problem.GroupOutputs, dw.Shape.Size / problem.Groups);
        var zeros = ZeroBuffer.Get(problem.InputPatches.MaxSegmentLength);
        for (var group = 0; group < problem.Groups; group++)
            WeightGradientOfGroup(
                x.Cpu, new(x.Pointer + group * problem.GroupInputs, zeros, problem.InputPatches),
                dy.Pointer + group * outputs, problem.K, outputs,
                dw.Pointer + (nint)group * weights, weights, db.Pointer + group * outputs);
    }

    /// <param name="dyStride">Floats from one position of dy to the next: K.</param>
    /// <param name="outputs">Output channels of the group.</param>
    /// <param name="weights">Elements of dw.</param>
    private void WeightGradientOfGroup(
        CpuDevice cpu, Patches patches, float* dy, int dyStride, int outputs, float* dw, int weights, float* db)
    {
        if (patches.Positions <= Conv2dPlan.MaxPositionsInFloat)
        {
            WeightGradient(cpu, patches, dy, dyStride, outputs, dw, db);
            return;
        }

        using var totals = new DoubleAccumulators(cpu, checked(weights + outputs));
        totals.Clear();
        foreach (var part in patches.Split(Conv2dPlan.MaxPositionsInFloat))
        {
            WeightGradient(cpu, part, dy, dyStride, outputs, dw, db);
            totals.Add(dw, 0, weights);
            totals.Add(db, weights, outputs);
            dy += (nint)part.Positions * dyStride;
        }

        totals.Store(dw, 0, weights);
        totals.Store(db, weights, outputs);
    }

    /// <param name="dyStride">Floats from one position of dy to the next: K.</param>
    private void WeightGradient(
        CpuDevice cpu, Patches patches, float* dy, int dyStride, int outputs, float* dw, float* db)
    {
        var algorithm = Conv2dPlan.ChooseWeightGradient(patches.Geometry, outputs, directOnly);
        if (algorithm.Winograd is { } winograd)
        {
            winograd.WeightGradient(cpu, patches, dy, outputs, dw, db);
        }
        else if (algorithm.FewChannels is { } fewChannels)
        {
            using var sums = new Workspace(cpu, fewChannels.WeightGradientWorkspaceSize(patches, outputs));
            fewChannels.WeightGradient(cpu, patches, dy, outputs, sums.Pointer, dw, db);
        }
        else
        {
            using var sums = new Workspace(cpu, Direct.WeightGradientWorkspaceSize(patches, outputs));
            Direct.WeightGradient(cpu, patches, dy, dyStride, outputs, sums.Pointer, dw, db);
        }
    }

    /// <param name="packed">Packed weights; for Winograd, transformed filters if they were kept.</param>
    /// <param name="isKept">Whether the weights are of <see cref="PreparedWeights"/>.</param>
    /// <param name="output">Dense, unless the algorithm is the direct one.</param>
    private static void Convolve(
        CpuDevice cpu, Conv2dAlgorithm algorithm, Patches patches, float* packed, bool isKept, float* packedBias,
        bool relu, StridedOutput output)
    {
        if (algorithm.Winograd is { } winograd)
            winograd.Convolve(cpu, patches, packed, isKept, packedBias, relu, (float*)output.Pixels, output.Channels);
        else if (algorithm.FewChannels is { } fewChannels)
            fewChannels.Convolve(cpu, patches, packed, packedBias, relu, (float*)output.Pixels, output.Channels);
        else
            Direct.Convolve(cpu, patches, packed, packedBias, relu, output);
    }

    /// <summary>
    /// The bias as kernels read it, nr floats per panel: where it is if it fills them, otherwise padded with zeros.
    /// </summary>
    private readonly ref struct PackedBias
    {
        private readonly Workspace padded;
        private readonly float* start;
        private readonly int stride;            // from one group to the next

        /// <param name="bias">[groups · outputs], or null for zeros.</param>
        public PackedBias(Device device, Tensor? bias, int outputs, int groups)
        {
            var size = Direct.PackedSize(1, outputs);
            start = bias is null ? ZeroBuffer.Get(size) : bias.Pointer;
            stride = bias is null ? 0 : outputs;
            if (bias is null || size == outputs) return;

            padded = new(device, groups * size);
            for (var group = 0; group < groups; group++)
                Direct.Pack(start + group * outputs, 1, outputs, padded.Pointer + group * size);
            start = padded.Pointer;
            stride = size;
        }

        public float* OfGroup(int group) => start + group * stride;

        public void Dispose() => padded.Dispose();
    }
}
