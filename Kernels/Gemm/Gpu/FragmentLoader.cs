using ILGPU;
using ILGPU.Runtime.Cuda;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// Loads a thread's fragment of an operand from shared memory into the registers of <see cref="TensorCores"/>: two rows
/// (of A) or columns (of B) of each block of 16, at eight k.
/// </summary>
/// <remarks>
/// If the operand is K-major, <c>ldmatrix</c> loads it: each thread gives the address of four contiguous elements of
/// one of 32 rows, and gets one element of each of four rows. Otherwise each thread loads elements 2·g and 2·g + 1 at
/// two k.
/// </remarks>
internal readonly struct FragmentLoader<TOperand, TCursor>
    where TOperand : struct, IGemmOperand<TCursor>
    where TCursor : struct
{
    /// <summary>ldmatrix moves rows of 16 bytes, whatever they hold: eight b16 or four floats.</summary>
    private const string LoadMatrices = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 ";

    private const string Addresses4 =
        "{ .reg .b32 at<4>; " +
        "add.s32 at0, tiles, %0; add.s32 at1, tiles, %1; add.s32 at2, tiles, %2; add.s32 at3, tiles, %3; ";

    /// <summary>
    /// Offsets in a stage. K-major: of the first eight k and of the second. MN-major: of two blocks of 16.
    /// </summary>
    private readonly int first, second;

    /// <param name="start">Where the operand's tile begins in a stage, in bytes.</param>
    /// <param name="mn">The first row (of A) or column (of B) of the calling thread's warp.</param>
    /// <param name="isA">Which operand: the registers of A alternate rows, those of B alternate k.</param>
    public FragmentLoader(int start, int mn, int tileMn, int tileK, bool isA)
    {
        int lane = Group.IdxX % 32, matrix = lane / 8;
        if (TOperand.IsKMajor)
        {
            int access = isA ? matrix / 2 : matrix % 2, row = mn + lane % 8 * 2 + (isA ? matrix % 2 : matrix / 2);
            first = start + MultistageTiles.KMajorOffset(row, access, tileK);
            second = start + MultistageTiles.KMajorOffset(row, access + tileK / 8, tileK);
        }
        else
        {
            first = start + MultistageTiles.MNMajorOffset(mn + lane / 4 * 2, lane % 4, tileMn);
            second = start + MultistageTiles.MNMajorOffset(mn + lane / 4 * 2 + 16, lane % 4, tileMn);
        }
    }

    /// <summary>Loads 64 rows of A into a0 … a15.</summary>
    /// <param name="stage">Where the stage begins, in bytes.</param>
    /// <param name="kBlock">Which eight k of the stage: 0 or 1.</param>
    public void LoadA(int stage, int kBlock, int tileMn, int tileK)
    {
        if (TOperand.IsKMajor)
        {
            var offset = stage + (kBlock == 0 ? first : second);
            CudaAsm.Emit(
                Addresses4 + LoadMatrices + "{a0, a1, a2, a3}, [at0]; " + LoadMatrices + "{a4, a5, a6, a7}, [at1]; " +
                LoadMatrices + "{a8, a9, a10, a11}, [at2]; " + LoadMatrices + "{a12, a13, a14, a15}, [at3]; }",
                offset, offset + 64 * tileK, offset + 128 * tileK, offset + 192 * tileK);
            return;
        }

        stage += kBlock * 32 * tileMn;
        CudaAsm.Emit(
            Addresses4 + "ld.shared.v2.b32 {a0, a1}, [at0]; ld.shared.v2.b32 {a2, a3}, [at1]; " +
            "ld.shared.v2.b32 {a4, a5}, [at2]; ld.shared.v2.b32 {a6, a7}, [at3]; " +
            "ld.shared.v2.b32 {a8, a9}, [at0+128]; ld.shared.v2.b32 {a10, a11}, [at1+128]; " +
            "ld.shared.v2.b32 {a12, a13}, [at2+128]; ld.shared.v2.b32 {a14, a15}, [at3+128]; }",
            stage + first, stage + first + 16 * tileMn, stage + second, stage + second + 16 * tileMn);
    }

    /// <summary>Loads 32 columns of B into b0 … b7.</summary>
    /// <inheritdoc cref="LoadA" path="/param"/>
    public void LoadB(int stage, int kBlock, int tileMn, int tileK)
    {
        if (TOperand.IsKMajor)
        {
            var offset = stage + (kBlock == 0 ? first : second);
            CudaAsm.Emit(
                "{ .reg .b32 at<2>; add.s32 at0, tiles, %0; add.s32 at1, tiles, %1; " +
                LoadMatrices + "{b0, b1, b2, b3}, [at0]; " + LoadMatrices + "{b4, b5, b6, b7}, [at1]; }",
                offset, offset + 64 * tileK);
            return;
        }

        stage += kBlock * 32 * tileMn;
        CudaAsm.Emit(
            Addresses4 + "ld.shared.v2.b32 {b0, b2}, [at0]; ld.shared.v2.b32 {b1, b3}, [at1]; " +
            "ld.shared.v2.b32 {b4, b6}, [at2]; ld.shared.v2.b32 {b5, b7}, [at3]; }",
            stage + first, stage + first + 16 * tileMn, stage + second, stage + second + 16 * tileMn);
    }
}
