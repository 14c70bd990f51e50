using ILGPU;
using ILGPU.Runtime.Cuda;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// Multiplies fragments on CUDA's tensor cores, warp by warp. Operands are rounded to tf32, which has float32's
/// exponent and 10 bits of fraction; sums are float32.
/// </summary>
/// <remarks>
/// <para>
/// A warp computes 64×32 sums, and one <c>mma</c> instruction multiplies 16×8 by 8×8. Its thread 4·g + t holds rows g
/// and g + 8 of A and column g of B, at k = t and t + 4, and the sums of rows g and g + 8 in columns 2·t and 2·t + 1
/// (PTX ISA, "Matrix Fragments for mma.m16n8k8"). These numbers may be assigned to the tile's rows and columns in any
/// order.
/// </para>
/// <para>
/// Here both operands are read in blocks of 16, of which a thread gets 2·g and 2·g + 1: rows g and g + 8 of one
/// instruction, or column g of two. So its sums are those of columns 4·t … 4·t + 3 of each 16, which one instruction
/// stores.
/// </para>
/// </remarks>
internal static class TensorCores
{
    private const int WarpRows = 64, WarpColumns = 32;

    private const string Mma = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";

    /// <summary>The first row of the calling thread's warp in the tile.</summary>
    public static int WarpRow<TTile>() where TTile : struct, ITileShape =>
        Group.IdxX / 32 / (TTile.N / WarpColumns) * WarpRows;

    /// <summary>The first column of the calling thread's warp in the tile.</summary>
    public static int WarpColumn<TTile>() where TTile : struct, ITileShape =>
        Group.IdxX / 32 % (TTile.N / WarpColumns) * WarpColumns;

    /// <summary>The first of the calling thread's rows in its warp's tile.</summary>
    public static int ThreadRow() => Group.IdxX % 32 / 4 * 2;

    /// <summary>The first of the calling thread's columns in its warp's tile.</summary>
    public static int ThreadColumn() => Group.IdxX % 4 * 4;

    /// <summary>Declares the registers that <see cref="FragmentLoader{TOperand, TCursor}"/> loads.</summary>
    public static void DeclareFragments() => CudaAsm.Emit(".reg .b32 a<16>, b<8>, up;");

    /// <summary>
    /// Rounds a0 … a15 and b0 … b7 to the nearest tf32 number, ties away from zero. The thirteen lowest bits are left:
    /// tensor cores ignore them.
    /// </summary>
    /// <remarks>
    /// Adding half of the last bit carries the NaN 0x7FFFFFFF, which CUDA's arithmetic yields, into the sign bit; the
    /// maximum of the two integers is then the NaN, and otherwise the sum. (0xFFFFFFFF is not preserved; arithmetic
    /// does not yield it.)
    /// </remarks>
    public static void RoundToTf32()
    {
        CudaAsm.Emit(
            "add.u32 up, a0, 4096; max.s32 a0, a0, up; add.u32 up, a1, 4096; max.s32 a1, a1, up; " +
            "add.u32 up, a2, 4096; max.s32 a2, a2, up; add.u32 up, a3, 4096; max.s32 a3, a3, up; " +
            "add.u32 up, a4, 4096; max.s32 a4, a4, up; add.u32 up, a5, 4096; max.s32 a5, a5, up; " +
            "add.u32 up, a6, 4096; max.s32 a6, a6, up; add.u32 up, a7, 4096; max.s32 a7, a7, up;");
        CudaAsm.Emit(
            "add.u32 up, a8, 4096; max.s32 a8, a8, up; add.u32 up, a9, 4096; max.s32 a9, a9, up; " +
            "add.u32 up, a10, 4096; max.s32 a10, a10, up; add.u32 up, a11, 4096; max.s32 a11, a11, up; " +
            "add.u32 up, a12, 4096; max.s32 a12, a12, up; add.u32 up, a13, 4096; max.s32 a13, a13, up; " +
            "add.u32 up, a14, 4096; max.s32 a14, a14, up; add.u32 up, a15, 4096; max.s32 a15, a15, up;");
        CudaAsm.Emit(
            "add.u32 up, b0, 4096; max.s32 b0, b0, up; add.u32 up, b1, 4096; max.s32 b1, b1, up; " +
            "add.u32 up, b2, 4096; max.s32 b2, b2, up; add.u32 up, b3, 4096; max.s32 b3, b3, up; " +
            "add.u32 up, b4, 4096; max.s32 b4, b4, up; add.u32 up, b5, 4096; max.s32 b5, b5, up; " +
            "add.u32 up, b6, 4096; max.s32 b6, b6, up; add.u32 up, b7, 4096; max.s32 b7, b7, up;");
    }

    /// <summary>c0 … c63 plus the products of a0 … a15 and b0 … b7.</summary>
    public static void MultiplyAccumulate()
    {
        CudaAsm.Emit(
            Mma + "{c0, c2, c8, c10}, {a0, a1, a2, a3}, {b0, b1}, {c0, c2, c8, c10}; " +
            Mma + "{c1, c3, c9, c11}, {a0, a1, a2, a3}, {b2, b3}, {c1, c3, c9, c11}; " +
            Mma + "{c4, c6, c12, c14}, {a0, a1, a2, a3}, {b4, b5}, {c4, c6, c12, c14}; " +
            Mma + "{c5, c7, c13, c15}, {a0, a1, a2, a3}, {b6, b7}, {c5, c7, c13, c15}; ");
        CudaAsm.Emit(
            Mma + "{c16, c18, c24, c26}, {a4, a5, a6, a7}, {b0, b1}, {c16, c18, c24, c26}; " +
            Mma + "{c17, c19, c25, c27}, {a4, a5, a6, a7}, {b2, b3}, {c17, c19, c25, c27}; " +
            Mma + "{c20, c22, c28, c30}, {a4, a5, a6, a7}, {b4, b5}, {c20, c22, c28, c30}; " +
            Mma + "{c21, c23, c29, c31}, {a4, a5, a6, a7}, {b6, b7}, {c21, c23, c29, c31}; ");
        CudaAsm.Emit(
            Mma + "{c32, c34, c40, c42}, {a8, a9, a10, a11}, {b0, b1}, {c32, c34, c40, c42}; " +
            Mma + "{c33, c35, c41, c43}, {a8, a9, a10, a11}, {b2, b3}, {c33, c35, c41, c43}; " +
            Mma + "{c36, c38, c44, c46}, {a8, a9, a10, a11}, {b4, b5}, {c36, c38, c44, c46}; " +
            Mma + "{c37, c39, c45, c47}, {a8, a9, a10, a11}, {b6, b7}, {c37, c39, c45, c47}; ");
        CudaAsm.Emit(
            Mma + "{c48, c50, c56, c58}, {a12, a13, a14, a15}, {b0, b1}, {c48, c50, c56, c58}; " +
            Mma + "{c49, c51, c57, c59}, {a12, a13, a14, a15}, {b2, b3}, {c49, c51, c57, c59}; " +
            Mma + "{c52, c54, c60, c62}, {a12, a13, a14, a15}, {b4, b5}, {c52, c54, c60, c62}; " +
            Mma + "{c53, c55, c61, c63}, {a12, a13, a14, a15}, {b6, b7}, {c53, c55, c61, c63}; ");
    }
}
