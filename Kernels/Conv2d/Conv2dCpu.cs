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
        var algorithm = Conv2dPlan.ChooseForward(problem, directOnly);
        if (algorithm.IsAcrossGroups)
        {
            GroupedConv2dCpu.Forward(problem, x, weight, bias, relu, y);
            return;
        }

        var (outputs, depth) = (problem.GroupOutputs, problem.InputPatches.PatchLength);
        using var zeros = NewZeroBuffer(x.Device, problem.InputPatches.MaxSegmentLength);
        using var packed = new Workspace(x.Device, Direct.PackedSize(depth, outputs));
        using var packedBias = new Workspace(x.Device, Direct.PackedSize(1, outputs));
        packedBias.Span.Clear();
        for (var group = 0; group < problem.Groups; group++)
        {
            var first = group * outputs;
            Direct.PackTransposed(x.Cpu, weight.Pointer + (nint)first * depth, depth, outputs, packed.Pointer);
            if (bias is not null) Direct.Pack(bias.Pointer + first, 1, outputs, packedBias.Pointer);
            Convolve(
                x.Cpu, algorithm, new(x.Pointer + group * problem.GroupInputs, zeros.Pointer, problem.InputPatches),
                packed.Pointer, packedBias.Pointer, relu,
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
        using var zeros = NewZeroBuffer(dx.Device, problem.S * outputs);
        using var packed = new Workspace(dx.Device, Direct.PackedSize(depth * outputs, inputs));
        using var packedBias = new Workspace(dx.Device, Direct.PackedSize(1, inputs));
        packedBias.Span.Clear();
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
                    dx.Cpu, algorithm, new(dy.Pointer + firstOutput, zeros.Pointer, sub.Patches), packed.Pointer,
                    packedBias.Pointer, relu: false,
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
        using var zeros = NewZeroBuffer(x.Device, problem.InputPatches.MaxSegmentLength);
        for (var group = 0; group < problem.Groups; group++)
            WeightGradientOfGroup(
                x.Cpu, new(x.Pointer + group * problem.GroupInputs, zeros.Pointer, problem.InputPatches),
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

    /// <param name="output">Dense, unless the algorithm is the direct one.</param>
    private static void Convolve(
        CpuDevice cpu, Conv2dAlgorithm algorithm, Patches patches, float* packed, float* packedBias, bool relu,
        StridedOutput output)
    {
        if (algorithm.Winograd is { } winograd)
            winograd.Convolve(cpu, patches, packed, packedBias, relu, (float*)output.Pixels, output.Channels);
        else if (algorithm.FewChannels is { } fewChannels)
            fewChannels.Convolve(cpu, patches, packed, packedBias, relu, (float*)output.Pixels, output.Channels);
        else
            Direct.Convolve(cpu, patches, packed, packedBias, relu, output);
    }

    private static Workspace NewZeroBuffer(Device device, int count)
    {
        var zeros = new Workspace(device, count);
        zeros.Span.Clear();
        return zeros;
    }
}
