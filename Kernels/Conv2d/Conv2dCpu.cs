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
        var p = problem.Flattened;
        using var zeros = NewZeroBuffer(x.Device, p.S * p.C);
        using var packed = new Workspace(x.Device, Direct.PackedSize(p.R * p.S * p.C, p.K));
        using var start = new Workspace(x.Device, Direct.PackedSize(1, p.K));

        Direct.PackRows(x.Cpu, weight.Pointer, p.R * p.S * p.C, p.K, packed.Pointer);
        if (bias is null) start.Span.Clear();
        else Direct.PackColumns(bias.Pointer, 1, p.K, start.Pointer);

        Convolve(
            x.Cpu, Conv2dPlan.ChooseForward(p, directOnly), new(x.Pointer, zeros.Pointer, p.InputPatches),
            packed.Pointer, start.Pointer, relu, new(y.Pointer, p.K, p.P, p.Q, (1, 1), (0, 0)));
    }

    public void InputGradient(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx)
    {
        var p = problem.Flattened;
        using var zeros = NewZeroBuffer(dx.Device, ((p.S - 1) / p.Stride.W + 1) * p.K);
        using var packed = new Workspace(dx.Device, Direct.PackedSize(p.R * p.S * p.K, p.C));
        using var start = new Workspace(dx.Device, Direct.PackedSize(1, p.C));
        start.Span.Clear();

        var algorithm = Conv2dPlan.ChooseInputGradient(p, directOnly);
        for (var i = 0; i < p.Subconvolutions; i++)
        {
            var sub = p.Subconvolution(i);
            Direct.PackSubconvolution(
                dx.Cpu, weight.Pointer, p.K, p.C, (p.R, p.S), sub.Rows, sub.Columns, packed.Pointer);
            Convolve(
                dx.Cpu, algorithm, new(dy.Pointer, zeros.Pointer, sub.Patches), packed.Pointer, start.Pointer,
                relu: false, new(dx.Pointer, p.C, p.H, p.W, p.Stride, sub.FirstPixel));
        }
    }

    public void WeightGradient(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db)
    {
        var p = problem.Flattened;
        using var zeros = NewZeroBuffer(x.Device, p.S * p.C);
        var patches = new PatchGrid(x.Pointer, zeros.Pointer, p.InputPatches);
        if (patches.Positions <= Conv2dPlan.MaxPositionsInFloat)
        {
            WeightGradient(x.Cpu, patches, dy.Pointer, p.K, dw.Pointer, db.Pointer);
            return;
        }

        var weights = dw.Shape.Size;
        var gradient = dy.Pointer;
        using var totals = new DoubleAccumulators(x.Cpu, checked(weights + p.K));
        totals.Clear();
        foreach (var part in patches.Split(Conv2dPlan.MaxPositionsInFloat))
        {
            WeightGradient(x.Cpu, part, gradient, p.K, dw.Pointer, db.Pointer);
            totals.Add(dw.Pointer, 0, weights);
            totals.Add(db.Pointer, weights, p.K);
            gradient += (nint)part.Positions * p.K;
        }

        totals.Store(dw.Pointer, 0, weights);
        totals.Store(db.Pointer, weights, p.K);
    }

    private void WeightGradient(CpuDevice cpu, PatchGrid patches, float* dy, int outputs, float* dw, float* db)
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
        CpuDevice cpu, Conv2dAlgorithm algorithm, PatchGrid patches, float* packed, float* start, bool relu,
        StridedOutput output)
    {
        if (algorithm.Winograd is { } winograd)
            winograd.Convolve(cpu, patches, packed, start, relu, (float*)output.Pixels, output.Channels);
        else if (algorithm.FewChannels is { } fewChannels)
            fewChannels.Convolve(cpu, patches, packed, start, relu, (float*)output.Pixels, output.Channels);
        else
            Direct.Convolve(cpu, patches, packed, start, relu, output);
    }

    private static Workspace NewZeroBuffer(Device device, int count)
    {
        var zeros = new Workspace(device, count);
        zeros.Span.Clear();
        return zeros;
    }
}
