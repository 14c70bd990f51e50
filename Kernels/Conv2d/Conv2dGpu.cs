using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The three passes on a GPU: implicit GEMM, one operand of which is the patches, read from the images; plain products
/// where <see cref="Conv2dPlan.IsLinear"/>; <see cref="WinogradGpu"/> where that is estimated to be faster; with groups
/// or a dilation <see cref="GroupedConv2dGpu"/>.
/// </summary>
/// <remarks>
/// NoInlining: inlined into a method that the CPU path runs, they would make the JIT load ILGPU.
/// </remarks>
internal sealed class Conv2dGpu : IConv2d
{
    /// <summary>A larger tile leaves too few registers for patches that are loaded one float at a time.</summary>
    private const int MaxScalarAccessTile = 128 * 64;

    private readonly bool directOnly;

    private Conv2dGpu(bool directOnly) => this.directOnly = directOnly;

    public static Conv2dGpu Instance { get; } = new(directOnly: false);

    /// <summary>Without Winograd.</summary>
    public static Conv2dGpu DirectOnly { get; } = new(directOnly: true);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Forward(Conv2dProblem problem, Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y)
    {
        if (Conv2dPlan.IsLinear(problem)) AsLinear(problem).Forward(x, weight, bias, relu, y);
        else if (IsGrouped(problem)) GroupedConv2dGpu.Forward(problem, x, weight, bias, relu, y);
        else if (!directOnly && WinogradGpu.ForConvolution(problem.InputPatches, problem.K, y.Gpu) is { } winograd)
            winograd.Convolve(x, weight, bias, relu, y);
        else if (IsVector4(problem)) Forward<VectorAccess>(problem, x, weight, bias, relu, y);
        else Forward<ScalarAccess>(problem, x, weight, bias, relu, y);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void InputGradient(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx)
    {
        if (Conv2dPlan.IsLinear(problem)) AsLinear(problem).InputGradient(dy, weight, dx);
        else if (IsGrouped(problem)) GroupedConv2dGpu.InputGradient(problem, dy, weight, dx);
        else if (!directOnly && problem.Stride == (1, 1)
            && WinogradGpu.ForConvolution(problem.GetSubconvolution(0).Patches, problem.C, dx.Gpu) is { } winograd)
            winograd.Convolve(dy, weight, bias: null, relu: false, dx, isInputGradient: true);
        else if (IsVector4(problem)) InputGradient<VectorAccess>(problem, dy, weight, dx);
        else InputGradient<ScalarAccess>(problem, dy, weight, dx);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void WeightGradient(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db)
    {
        if (Conv2dPlan.IsLinear(problem)) AsLinear(problem).WeightGradient(dy, x, dw, db);
        else if (IsGrouped(problem)) GroupedConv2dGpu.WeightGradient(problem, dy, x, dw, db);
        else if (!directOnly && WinogradGpu.ForWeightGradient(problem.InputPatches, problem.K, dw.Gpu) is { } winograd)
            winograd.WeightGradient(dy, x, dw, db);
        else if (IsVector4(problem)) WeightGradient<VectorAccess>(problem, dy, x, dw, db);
        else WeightGradient<ScalarAccess>(problem, dy, x, dw, db);
    }

    private static bool IsGrouped(Conv2dProblem p) => p.Groups > 1 || p.Dilation != (1, 1);

    private static bool IsVector4(Conv2dProblem p) => VectorAccess.Fits(p.K, p.C);

    private static int MaxTile<TAccess>() where TAccess : struct, IGlobalAccess =>
        TAccess.IsVector4 ? int.MaxValue : MaxScalarAccessTile;

    private static LinearGpu AsLinear(Conv2dProblem problem)
    {
        var p = problem.AsPointwiseIfCovering;
        return new(p.N * p.H * p.W, p.C, p.K);
    }

    private static void Forward<TAccess>(
        Conv2dProblem problem, Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y)
        where TAccess : struct, IGlobalAccess
    {
        var patches = new Im2ColGeometry(x.View, problem.InputPatches);
        GemmGpu.Run<TAccess, Im2ColOperand<TAccess>, Im2ColCursor, KMajorMatrix<TAccess>, MatrixCursor>(
            new(patches), new(weight.View, problem.K, patches.PatchLength),
            (patches.Positions, problem.K, patches.PatchLength), y, bias, relu, MaxTile<TAccess>());
    }

    private static void InputGradient<TAccess>(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx)
        where TAccess : struct, IGlobalAccess
    {
        for (var i = 0; i < problem.SubconvolutionCount; i++)
        {
            var sub = problem.GetSubconvolution(i);
            var patches = new Im2ColGeometry(dy.View, sub.Patches);
            var flipped = new FlippedWeightOperand<TAccess>(
                weight.View, problem.K, problem.C, (problem.R, problem.S), sub.Rows, sub.Columns);
            var size = (patches.Positions, problem.C, patches.PatchLength);
            if (problem.Stride == (1, 1))
                GemmGpu.Run<
                    TAccess, Im2ColOperand<TAccess>, Im2ColCursor, FlippedWeightOperand<TAccess>, FlippedWeightCursor>(
                    new(patches), flipped, size, dx, maxTile: MaxTile<TAccess>());
            else
                LaunchStrided(new(patches), flipped, new(dx.View, problem, sub), size, dx.Gpu);
        }
    }

    /// <summary>One subconvolution whose results lie a stride apart in dx.</summary>
    private static void LaunchStrided<TAccess>(
        Im2ColOperand<TAccess> patches, FlippedWeightOperand<TAccess> weight, StridedEpilogue<TAccess> epilogue,
        (int M, int N, int K) size, GpuDevice gpu)
        where TAccess : struct, IGlobalAccess
    {
        // One slice: StridedEpilogue has no place for partial sums.
        var tiling = GemmTiling.Choose(
            size.M, size.N, size.K, gpu.MultiprocessorCount, maxSlices: 1, MaxTile<TAccess>());
        GemmGpu.Launch<
            Im2ColOperand<TAccess>, Im2ColCursor, FlippedWeightOperand<TAccess>, FlippedWeightCursor,
            StridedEpilogue<TAccess>>(gpu, tiling, patches, weight, epilogue, size);
    }

    private static void WeightGradient<TAccess>(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db)
        where TAccess : struct, IGlobalAccess
    {
        var patches = new Im2ColGeometry(x.View, problem.InputPatches);
        GemmGpu.WeightGradient<
            TAccess, MNMajorMatrix<TAccess>, MatrixCursor, TransposedIm2ColOperand<TAccess>, TransposedIm2ColCursor>(
            new(dy.View, problem.K, patches.Positions), new(patches),
            (problem.K, patches.PatchLength, patches.Positions), dy, dw, db,
            MaxTile<TAccess>());
    }
}
