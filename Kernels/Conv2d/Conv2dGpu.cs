using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The three passes on a GPU: implicit GEMM, one operand of which is the patches, read from the images; or plain
/// products where <see cref="Conv2dPlan.IsLinear"/>.
/// </summary>
/// <remarks>Its methods are not inlined: into one that CPUs run, that would load ILGPU.</remarks>
internal sealed class Conv2dGpu : IConv2d
{
    /// <summary>A larger tile leaves too few registers for patches that are loaded one float at a time.</summary>
    private const int MaxScalarAccessTile = 128 * 64;

    private Conv2dGpu()
    {
    }

    public static Conv2dGpu Instance { get; } = new();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Forward(Conv2dProblem problem, Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y)
    {
        if (Conv2dPlan.IsLinear(problem)) AsLinear(problem).Forward(x, weight, bias, relu, y);
        else if (IsVector4(problem)) Forward<Vector4Access>(problem, x, weight, bias, relu, y);
        else Forward<ScalarAccess>(problem, x, weight, bias, relu, y);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void InputGradient(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx)
    {
        if (Conv2dPlan.IsLinear(problem)) AsLinear(problem).InputGradient(dy, weight, dx);
        else if (IsVector4(problem)) InputGradient<Vector4Access>(problem, dy, weight, dx);
        else InputGradient<ScalarAccess>(problem, dy, weight, dx);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void WeightGradient(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db)
    {
        if (Conv2dPlan.IsLinear(problem)) AsLinear(problem).WeightGradient(dy, x, dw, db);
        else if (IsVector4(problem)) WeightGradient<Vector4Access>(problem, dy, x, dw, db);
        else WeightGradient<ScalarAccess>(problem, dy, x, dw, db);
    }

    private static bool IsVector4(Conv2dProblem p) => Vector4Access.Fits(p.K, p.C);

    private static LinearGpu AsLinear(Conv2dProblem problem)
    {
        var p = problem.Flattened;
        return new(p.N * p.H * p.W, p.C, p.K);
    }

    private static void Forward<TWidth>(
        Conv2dProblem problem, Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y)
        where TWidth : struct, IAccessWidth
    {
        var patches = new Im2ColGeometry(x.View, problem.InputPatches);
        GemmGpu.Run<TWidth, Im2ColOperand<TWidth>, Im2ColPosition, KMajorMatrix<TWidth>, MatrixPosition>(
            new(patches), new(weight.View, problem.K, patches.Depth), (patches.Positions, problem.K, patches.Depth), y,
            bias, relu);
    }

    private static void InputGradient<TWidth>(Conv2dProblem problem, Tensor dy, Tensor weight, Tensor dx)
        where TWidth : struct, IAccessWidth
    {
        for (var i = 0; i < problem.Subconvolutions; i++)
        {
            var sub = problem.Subconvolution(i);
            var patches = new Im2ColGeometry(dy.View, sub.Patches);
            var flipped = new FlippedWeightOperand<TWidth>(
                weight.View, problem.K, problem.C, (problem.R, problem.S), sub.Rows, sub.Columns);
            var size = (patches.Positions, problem.C, patches.Depth);
            if (problem.Stride == (1, 1))
                GemmGpu.Run<
                    TWidth, Im2ColOperand<TWidth>, Im2ColPosition, FlippedWeightOperand<TWidth>, FlippedWeightPosition>(
                    new(patches), flipped, size, dx);
            else
                LaunchStrided(new(patches), flipped, new(dx.View, problem, sub), size, dx.Gpu);
        }
    }

    /// <summary>One subconvolution whose results lie a stride apart in dx.</summary>
    private static void LaunchStrided<TWidth>(
        Im2ColOperand<TWidth> patches, FlippedWeightOperand<TWidth> weight, StridedEpilogue<TWidth> epilogue,
        (int M, int N, int K) size, GpuDevice gpu)
        where TWidth : struct, IAccessWidth
    {
        var tiling = GemmTiling.Choose(size.M, size.N, size.K, gpu.MultiprocessorCount, maxSlices: 1);
        GemmGpu.Launch<
            Im2ColOperand<TWidth>, Im2ColPosition, FlippedWeightOperand<TWidth>, FlippedWeightPosition,
            StridedEpilogue<TWidth>>(gpu, tiling, patches, weight, epilogue, size);
    }

    private static void WeightGradient<TWidth>(Conv2dProblem problem, Tensor dy, Tensor x, Tensor dw, Tensor db)
        where TWidth : struct, IAccessWidth
    {
        var patches = new Im2ColGeometry(x.View, problem.InputPatches);
        GemmGpu.WeightGradient<
            TWidth, MNMajorMatrix<TWidth>, MatrixPosition, TransposedIm2ColOperand<TWidth>, TransposedIm2ColPosition>(
            new(dy.View, problem.K, patches.Positions), new(patches),
            (problem.K, patches.Depth, patches.Positions), dw, db,
            maxTile: TWidth.IsVector4 ? int.MaxValue : MaxScalarAccessTile);
    }
}
