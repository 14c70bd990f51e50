using ILGPU;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>Stores one subconvolution's rows as the pixels of dx that are its class.</summary>
/// <param name="dx">[N, H, W, C]</param>
internal readonly struct StridedEpilogue<TAccess>(ArrayView<float> dx, Conv2dProblem problem, Subconvolution part)
    : IEpilogue
    where TAccess : struct, IGlobalAccess
{
    private readonly ArrayView<float> pixels = dx;
    private readonly int images = problem.N, height = problem.H, width = problem.W, channels = problem.C;
    private readonly int outputH = part.Patches.P, outputW = part.Patches.Q;
    private readonly int strideH = problem.Stride.H, strideW = problem.Stride.W;
    private readonly int top = part.FirstPixel.H, left = part.FirstPixel.W;

    public Float4 InitialSums(int column) => default;

    public void Store(int row, int column, Float4 sums)
    {
        int outputRow = row / outputW, image = outputRow / outputH;
        if (image >= images) return;
        int y = outputRow % outputH * strideH + top, x = row % outputW * strideW + left;
        sums.Store<TAccess>(pixels, ((image * height + y) * width + x) * channels + column, channels - column);
    }
}
