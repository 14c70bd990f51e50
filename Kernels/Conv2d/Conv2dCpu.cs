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
        using var zeros = NewZeroBuffer(x.Device, problem.InputPatches.MaxSegmentLength);
        using var packed = new Workspace(x.Device, Direct.PackedSize(problem.R * problem.S * problem.C, problem.K));
        using var packedBias = new Workspace(x.Device, Direct.PackedSize(1, problem.K));

        Direct.PackTransposed(x.Cpu, weight.Pointer, problem.R * problem.S * problem.C, problem.K, packed.Pointer);
        if (bias is null) packedBias.Span.Clear();
        else Direct.Pack(bias.Pointer, 1, problem.K, packedBias.Pointer);

        Convolve(
            x.Cpu, Conv2dPlan.ChooseForward(problem, directOnly), new(x.Pointer, zeros.Pointer, problem.InputPatches),
            packed.Pointer, packedBias.Pointer, relu, new(y.Pointer, problem.K, problem.P, problem.Q, (1, 1), (0, 0)));
    }

    public void InputGradient(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx)
    {
        problem = problem.AsPointwiseIfCovering;
        // The longest segment of any class: a kernel row.
        using var zeros = NewZeroBuffer(dx.Device, ((problem.S - 1) / problem.Stride.W + 1) * problem.K);
        using var packed = new Workspace(dx.Device, Direct.PackedSize(problem.R * problem.S * problem.K, problem.C));
        using var packedBias = new Workspace(dx.Device, Direct.PackedSize(1, problem.C));
        packedBias.Span.Clear();

        var algorithm = Conv2dPlan.ChooseInputGradient(problem, directOnly);
        for (var i = 0; i < problem.SubconvolutionCount; i++)
        {
            var sub = problem.GetSubconvolution(i);
            Direct.PackSubconvolution(
                dx.Cpu, weight.Pointer, problem.K, problem.C, (problem.R, problem.S), sub.Rows, sub.Columns,
                packed.Pointer);
            Convolve(
                dx.Cpu, algorithm, new(dy.Pointer, zeros.Pointer, sub.Patches), packed.Pointer, packedBias.Pointer,
                relu: false, new(dx.Pointer, problem.C, problem.H, problem.W, problem.Stride, sub.FirstPixel));
        }
    }

    public void WeightGradient(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db)
    {
        problem = problem.AsPointwiseIfCovering;
        using var zeros = NewZeroBuffer(x.Device, problem.InputPatches.MaxSegmentLength);
        var patches = new Patches(x.Pointer, zeros.Pointer, problem.InputPatches);
        if (patches.Positions <= Conv2dPlan.MaxPositionsInFloat)
        {
            WeightGradient(x.Cpu, patches, dy.Pointer, problem.K, dw.Pointer, db.Pointer);
            return;
        }

        var weights = dw.Shape.Size;
        var gradient = dy.Pointer;
        using var totals = new DoubleAccumulators(x.Cpu, checked(weights + problem.K));
        totals.Clear();
        foreach (var part in patches.Split(Conv2dPlan.MaxPositionsInFloat))
        {
            WeightGradient(x.Cpu, part, gradient, problem.K, dw.Pointer, db.Pointer);
            totals.Add(dw.Pointer, 0, weights);
            totals.Add(db.Pointer, weights, problem.K);
            gradient += (nint)part.Positions * problem.K;
        }

        totals.Store(dw.Pointer, 0, weights);
        totals.Store(db.Pointer, weights, problem.K);
    }

    private void WeightGradient(CpuDevice cpu, Patches patches, float* dy, int outputs, float* dw, float* db)
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
            Direct.WeightGradient(cpu, patches, dy, outputs, sums.Pointer, dw, db);
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
