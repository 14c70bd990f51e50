using ILGPU;
using ILGPU.Runtime.Cuda;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// Where a thread reads a factor's floats for <see cref="TensorCores"/>: four of each block of 16 lines at eight depths.
/// </summary>
/// <remarks>
/// Along lines <c>ldmatrix</c> reads: a thread names the address of one of 32 lines' fours, and gets a float of each of four.
/// Across lines each thread reads lines 2·g and 2·g + 1 at two depths.
/// </remarks>
internal readonly struct FragmentLoader<TOperand, TPlace>
    where TOperand : struct, IGemmOperand<TPlace>
    where TPlace : struct
{
    private const string LoadMatrices = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 ";

    private const string Addresses4 =
        "{ .reg .b32 at<4>; add.s32 at0, tiles, %0; add.s32 at1, tiles, %1; add.s32 at2, tiles, %2; add.s32 at3, tiles, %3; ";

    /// <summary>Along lines: at the first eight depths, and at the second. Across: the first block, and the second.</summary>
    private readonly int first, second;

    /// <param name="start">Of the factor's part of a stage, in bytes.</param>
    /// <param name="line">The first that the warp reads.</param>
    /// <param name="isLeft">Whether two lines at one depth follow each other in the registers, or two depths of one line.</param>
    public FragmentLoader(int start, int line, int lines, int depth, bool isLeft)
    {
        int lane = Group.IdxX % 32, matrix = lane / 8;
        if (TOperand.IsKMajor)
        {
            int inLine = isLeft ? matrix / 2 : matrix % 2, own = line + lane % 8 * 2 + (isLeft ? matrix % 2 : matrix / 2);
            first = start + MultistageTiles.KMajorOffset(own, inLine, depth);
            second = start + MultistageTiles.KMajorOffset(own, inLine + depth / 8, depth);
        }
        else
        {
            first = start + MultistageTiles.MNMajorOffset(line + lane / 4 * 2, lane % 4, lines);
            second = start + MultistageTiles.MNMajorOffset(line + lane / 4 * 2 + 16, lane % 4, lines);
        }
    }

    /// <summary>64 rows into a0 … a15.</summary>
    /// <param name="stage">In bytes.</param>
    /// <param name="eight">Which eight depths: the first or the second.</param>
    public void LoadA(int stage, int eight, int lines, int depth)
    {
        if (TOperand.IsKMajor)
        {
            var at = stage + (eight == 0 ? first : second);
            CudaAsm.Emit(
                Addresses4 + LoadMatrices + "{a0, a1, a2, a3}, [at0]; " + LoadMatrices + "{a4, a5, a6, a7}, [at1]; " +
                LoadMatrices + "{a8, a9, a10, a11}, [at2]; " + LoadMatrices + "{a12, a13, a14, a15}, [at3]; }",
                at, at + 64 * depth, at + 128 * depth, at + 192 * depth);
            return;
        }

        stage += eight * 32 * lines;
        CudaAsm.Emit(
            Addresses4 + "ld.shared.v2.b32 {a0, a1}, [at0]; ld.shared.v2.b32 {a2, a3}, [at1]; " +
            "ld.shared.v2.b32 {a4, a5}, [at2]; ld.shared.v2.b32 {a6, a7}, [at3]; " +
            "ld.shared.v2.b32 {a8, a9}, [at0+128]; ld.shared.v2.b32 {a10, a11}, [at1+128]; " +
            "ld.shared.v2.b32 {a12, a13}, [at2+128]; ld.shared.v2.b32 {a14, a15}, [at3+128]; }",
            stage + first, stage + first + 16 * lines, stage + second, stage + second + 16 * lines);
    }

    /// <summary>32 columns into b0 … b7.</summary>
    public void LoadB(int stage, int eight, int lines, int depth)
    {
        if (TOperand.IsKMajor)
        {
            var at = stage + (eight == 0 ? first : second);
            CudaAsm.Emit(
                "{ .reg .b32 at<2>; add.s32 at0, tiles, %0; add.s32 at1, tiles, %1; " +
                LoadMatrices + "{b0, b1, b2, b3}, [at0]; " + LoadMatrices + "{b4, b5, b6, b7}, [at1]; }",
                at, at + 64 * depth);
            return;
        }

        stage += eight * 32 * lines;
        CudaAsm.Emit(
            Addresses4 + "ld.shared.v2.b32 {b0, b2}, [at0]; ld.shared.v2.b32 {b1, b3}, [at1]; " +
            "ld.shared.v2.b32 {b4, b6}, [at2]; ld.shared.v2.b32 {b5, b7}, [at3]; }",
            stage + first, stage + first + 16 * lines, stage + second, stage + second + 16 * lines);
    }
}
