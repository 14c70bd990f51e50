using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The three passes by <see cref="GroupedConvolution"/>: packs weights, and runs one convolution, or one per
/// subconvolution.
/// </summary>
internal static unsafe class GroupedConv2dCpu
{
    /// <inheritdoc cref="IConv2d.Forward"/>
    public static void Forward(Conv2dProblem problem, Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y)
    {
        using var packed = new Workspace(x.Device, weight.Shape.Size);
        using var zeros = new Workspace(x.Device, problem.K);
        GroupedWeights.Pack(x.Cpu, weight.Pointer, problem, packed.Pointer);
        if (bias is null) zeros.Span.Clear();
        GroupedConvolution.For(problem.K).Convolve(
            x.Cpu, new(x.Pointer, null, problem.InputPatches), problem.GroupOutputs, packed.Pointer,
            bias is null ? zeros.Pointer : bias.Pointer, relu,
            new(y.Pointer, problem.K, problem.P, problem.Q, (1, 1), (0, 0)));
    }

    /// <inheritdoc cref="IConv2d.InputGradient"/>
    public static void InputGradient(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx)
    {
        using var packed = new Workspace(dx.Device, weight.Shape.Size);
        using var zeros = new Workspace(dx.Device, problem.C);
        zeros.Span.Clear();
        for (var i = 0; i < problem.SubconvolutionCount; i++)
        {
            var sub = problem.GetSubconvolution(i);
            GroupedWeights.PackSubconvolution(
                dx.Cpu, weight.Pointer, problem, sub.Rows, sub.Columns, packed.Pointer);
            GroupedConvolution.For(problem.C).Convolve(
                dx.Cpu, new(dy.Pointer, null, sub.Patches), problem.GroupInputs, packed.Pointer, zeros.Pointer,
                relu: false, new(dx.Pointer, problem.C, problem.H, problem.W, problem.Stride, sub.FirstPixel));
        }
    }

    /// <inheritdoc cref="IConv2d.WeightGradient"/>
    public static void WeightGradient(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db) =>
        GroupedConvolution.For(problem.K).WeightGradient(
            x.Cpu, new(x.Pointer, null, problem.InputPatches), dy.Pointer, problem.K, problem.GroupOutputs, dw.Pointer,
            db.Pointer);
}
