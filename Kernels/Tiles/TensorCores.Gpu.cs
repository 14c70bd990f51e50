using ILGPU;
using ILGPU.Runtime.Cuda;
using FloatOut = ILGPU.Runtime.Cuda.Output<float>;

namespace PyNetSharp;

/// <summary>
/// Warps multiply on CUDA's tensor cores: factors are rounded to tf32, which has float32's exponent and 10 bits of
/// fraction; sums stay float32.
/// </summary>
/// <remarks>
/// <para>
/// A warp has 64×32 sums, and one <c>mma</c> instruction multiplies 16×8 by 8×8. Its thread 4·g + t brings rows g and g + 8
/// and column g of the factors, at depths t and t + 4, and holds the sums of rows g and g + 8 in columns 2·t and 2·t + 1
/// (PTX ISA, "Matrix fragments for mma.m16n8k8"). Which of the tile's rows, columns and depths are called so is free.
/// </para>
/// <para>
/// Here the eight rows of group g are 4·g … 4·g + 3 and 32 more than these, its four columns 4·g … 4·g + 3, and depths t and
/// t + 4 are 2·t and 2·t + 1: so each thread reads fours, which no two threads find in the same bank, and its sums are
/// eight neighbours of each of its rows.
/// </para>
/// <para>
/// ILGPU hands results of inline assembly over in local memory. So the sums are registers that the assembly declares, c0 …
/// c63, eight to a row, and only the last values are handed over.
/// </para>
/// </remarks>
internal readonly struct TensorCores : IArithmetic
{
    private const int WarpRows = 64, WarpColumns = 32;

    private const string Mma = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";

    /// <summary>16 where a thread has two fours of each factor to bring for it, else 8.</summary>
    public static int Depth<TShape>() where TShape : struct, ITileShape => TShape.Rows == 128 && TShape.Columns == 128 ? 16 : 8;

    public static int Row<TShape>() where TShape : struct, ITileShape => WarpRow<TShape>() + Group.IdxX % 32 / 4 * 4;

    public static int Column<TShape>() where TShape : struct, ITileShape => WarpColumn<TShape>() + Group.IdxX % 4 * 8;

    public static int RowsApart<TShape>() where TShape : struct, ITileShape => WarpRows / 2;

    public static int ColumnsApart<TShape>() where TShape : struct, ITileShape => 4;

    public static Float4 Round(Float4 floats) => new(Round(floats.X), Round(floats.Y), Round(floats.Z), Round(floats.W));

    public static Sums8x8 Begin(Sums8 start)
    {
        Float4 a = start.Left, b = start.Right;
        CudaAsm.Emit(".reg .f32 c<64>;");
        CudaAsm.Emit(
            "mov.f32 c0, %0; mov.f32 c1, %1; mov.f32 c2, %2; mov.f32 c3, %3; " +
            "mov.f32 c4, %4; mov.f32 c5, %5; mov.f32 c6, %6; mov.f32 c7, %7;",
            a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        CudaAsm.Emit(
            "mov.f32 c8, %0; mov.f32 c9, %1; mov.f32 c10, %2; mov.f32 c11, %3; " +
            "mov.f32 c12, %4; mov.f32 c13, %5; mov.f32 c14, %6; mov.f32 c15, %7;",
            a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        CudaAsm.Emit(
            "mov.f32 c16, %0; mov.f32 c17, %1; mov.f32 c18, %2; mov.f32 c19, %3; " +
            "mov.f32 c20, %4; mov.f32 c21, %5; mov.f32 c22, %6; mov.f32 c23, %7;",
            a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        CudaAsm.Emit(
            "mov.f32 c24, %0; mov.f32 c25, %1; mov.f32 c26, %2; mov.f32 c27, %3; " +
            "mov.f32 c28, %4; mov.f32 c29, %5; mov.f32 c30, %6; mov.f32 c31, %7;",
            a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        CudaAsm.Emit(
            "mov.f32 c32, %0; mov.f32 c33, %1; mov.f32 c34, %2; mov.f32 c35, %3; " +
            "mov.f32 c36, %4; mov.f32 c37, %5; mov.f32 c38, %6; mov.f32 c39, %7;",
            a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        CudaAsm.Emit(
            "mov.f32 c40, %0; mov.f32 c41, %1; mov.f32 c42, %2; mov.f32 c43, %3; " +
            "mov.f32 c44, %4; mov.f32 c45, %5; mov.f32 c46, %6; mov.f32 c47, %7;",
            a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        CudaAsm.Emit(
            "mov.f32 c48, %0; mov.f32 c49, %1; mov.f32 c50, %2; mov.f32 c51, %3; " +
            "mov.f32 c52, %4; mov.f32 c53, %5; mov.f32 c54, %6; mov.f32 c55, %7;",
            a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        CudaAsm.Emit(
            "mov.f32 c56, %0; mov.f32 c57, %1; mov.f32 c58, %2; mov.f32 c59, %3; " +
            "mov.f32 c60, %4; mov.f32 c61, %5; mov.f32 c62, %6; mov.f32 c63, %7;",
            a.X, a.Y, a.Z, a.W, b.X, b.Y, b.Z, b.W);
        return default;
    }

    public static Sums8x8 Multiply<TShape>(Sums8x8 sums, ArrayView<Float4> lefts, ArrayView<Float4> rights)
        where TShape : struct, ITileShape
    {
        int depth = Group.IdxX % 4 * 2, group = Group.IdxX % 32 / 4;
        var beside = lefts.SubView(depth * ProductTile.Stride(TShape.Rows) / 4 + WarpRow<TShape>() / 4 + group);
        var above = rights.SubView(depth * ProductTile.Stride(TShape.Columns) / 4 + WarpColumn<TShape>() / 4 + group);
        Plus<TShape>(beside, above, 0);
        if (Depth<TShape>() == 16) Plus<TShape>(beside, above, 8);
        return sums;
    }

    public static Sums8x8 End(Sums8x8 sums)
    {
        FloatOut a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        CudaAsm.EmitRef(
            "mov.f32 %0, c0; mov.f32 %1, c1; mov.f32 %2, c2; mov.f32 %3, c3; " +
            "mov.f32 %4, c4; mov.f32 %5, c5; mov.f32 %6, c6; mov.f32 %7, c7;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r0 = new Sums8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c8; mov.f32 %1, c9; mov.f32 %2, c10; mov.f32 %3, c11; " +
            "mov.f32 %4, c12; mov.f32 %5, c13; mov.f32 %6, c14; mov.f32 %7, c15;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r1 = new Sums8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c16; mov.f32 %1, c17; mov.f32 %2, c18; mov.f32 %3, c19; " +
            "mov.f32 %4, c20; mov.f32 %5, c21; mov.f32 %6, c22; mov.f32 %7, c23;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r2 = new Sums8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c24; mov.f32 %1, c25; mov.f32 %2, c26; mov.f32 %3, c27; " +
            "mov.f32 %4, c28; mov.f32 %5, c29; mov.f32 %6, c30; mov.f32 %7, c31;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r3 = new Sums8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c32; mov.f32 %1, c33; mov.f32 %2, c34; mov.f32 %3, c35; " +
            "mov.f32 %4, c36; mov.f32 %5, c37; mov.f32 %6, c38; mov.f32 %7, c39;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r4 = new Sums8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c40; mov.f32 %1, c41; mov.f32 %2, c42; mov.f32 %3, c43; " +
            "mov.f32 %4, c44; mov.f32 %5, c45; mov.f32 %6, c46; mov.f32 %7, c47;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r5 = new Sums8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c48; mov.f32 %1, c49; mov.f32 %2, c50; mov.f32 %3, c51; " +
            "mov.f32 %4, c52; mov.f32 %5, c53; mov.f32 %6, c54; mov.f32 %7, c55;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r6 = new Sums8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c56; mov.f32 %1, c57; mov.f32 %2, c58; mov.f32 %3, c59; " +
            "mov.f32 %4, c60; mov.f32 %5, c61; mov.f32 %6, c62; mov.f32 %7, c63;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r7 = new Sums8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        return new(r0, r1, r2, r3, r4, r5, r6, r7);
    }

    private static int WarpRow<TShape>() where TShape : struct, ITileShape =>
        Group.IdxX / 32 / (TShape.Columns / WarpColumns) * WarpRows;

    private static int WarpColumn<TShape>() where TShape : struct, ITileShape =>
        Group.IdxX / 32 % (TShape.Columns / WarpColumns) * WarpColumns;

    private static void Plus<TShape>(ArrayView<Float4> beside, ArrayView<Float4> above, int k) where TShape : struct, ITileShape
    {
        int rows = ProductTile.Stride(TShape.Rows) / 4, columns = ProductTile.Stride(TShape.Columns) / 4;
        Float4 upper = beside[k * rows], upper2 = beside[(k + 1) * rows];
        Float4 lower = beside[k * rows + WarpRows / 8], lower2 = beside[(k + 1) * rows + WarpRows / 8];
        Float4 right = above[k * columns], right2 = above[(k + 1) * columns];
        CudaAsm.Emit(
            Mma + "{c0, c4, c8, c12}, {%0, %1, %2, %3}, {%4, %5}, {c0, c4, c8, c12}; " +
            Mma + "{c1, c5, c9, c13}, {%0, %1, %2, %3}, {%6, %7}, {c1, c5, c9, c13};",
            Bits(upper.X), Bits(upper.Y), Bits(upper2.X), Bits(upper2.Y),
            Bits(right.X), Bits(right2.X), Bits(right.Y), Bits(right2.Y));
        CudaAsm.Emit(
            Mma + "{c2, c6, c10, c14}, {%0, %1, %2, %3}, {%4, %5}, {c2, c6, c10, c14}; " +
            Mma + "{c3, c7, c11, c15}, {%0, %1, %2, %3}, {%6, %7}, {c3, c7, c11, c15};",
            Bits(upper.X), Bits(upper.Y), Bits(upper2.X), Bits(upper2.Y),
            Bits(right.Z), Bits(right2.Z), Bits(right.W), Bits(right2.W));
        CudaAsm.Emit(
            Mma + "{c16, c20, c24, c28}, {%0, %1, %2, %3}, {%4, %5}, {c16, c20, c24, c28}; " +
            Mma + "{c17, c21, c25, c29}, {%0, %1, %2, %3}, {%6, %7}, {c17, c21, c25, c29};",
            Bits(upper.Z), Bits(upper.W), Bits(upper2.Z), Bits(upper2.W),
            Bits(right.X), Bits(right2.X), Bits(right.Y), Bits(right2.Y));
        CudaAsm.Emit(
            Mma + "{c18, c22, c26, c30}, {%0, %1, %2, %3}, {%4, %5}, {c18, c22, c26, c30}; " +
            Mma + "{c19, c23, c27, c31}, {%0, %1, %2, %3}, {%6, %7}, {c19, c23, c27, c31};",
            Bits(upper.Z), Bits(upper.W), Bits(upper2.Z), Bits(upper2.W),
            Bits(right.Z), Bits(right2.Z), Bits(right.W), Bits(right2.W));
        CudaAsm.Emit(
            Mma + "{c32, c36, c40, c44}, {%0, %1, %2, %3}, {%4, %5}, {c32, c36, c40, c44}; " +
            Mma + "{c33, c37, c41, c45}, {%0, %1, %2, %3}, {%6, %7}, {c33, c37, c41, c45};",
            Bits(lower.X), Bits(lower.Y), Bits(lower2.X), Bits(lower2.Y),
            Bits(right.X), Bits(right2.X), Bits(right.Y), Bits(right2.Y));
        CudaAsm.Emit(
            Mma + "{c34, c38, c42, c46}, {%0, %1, %2, %3}, {%4, %5}, {c34, c38, c42, c46}; " +
            Mma + "{c35, c39, c43, c47}, {%0, %1, %2, %3}, {%6, %7}, {c35, c39, c43, c47};",
            Bits(lower.X), Bits(lower.Y), Bits(lower2.X), Bits(lower2.Y),
            Bits(right.Z), Bits(right2.Z), Bits(right.W), Bits(right2.W));
        CudaAsm.Emit(
            Mma + "{c48, c52, c56, c60}, {%0, %1, %2, %3}, {%4, %5}, {c48, c52, c56, c60}; " +
            Mma + "{c49, c53, c57, c61}, {%0, %1, %2, %3}, {%6, %7}, {c49, c53, c57, c61};",
            Bits(lower.Z), Bits(lower.W), Bits(lower2.Z), Bits(lower2.W),
            Bits(right.X), Bits(right2.X), Bits(right.Y), Bits(right2.Y));
        CudaAsm.Emit(
            Mma + "{c50, c54, c58, c62}, {%0, %1, %2, %3}, {%4, %5}, {c50, c54, c58, c62}; " +
            Mma + "{c51, c55, c59, c63}, {%0, %1, %2, %3}, {%6, %7}, {c51, c55, c59, c63};",
            Bits(lower.Z), Bits(lower.W), Bits(lower2.Z), Bits(lower2.W),
            Bits(right.Z), Bits(right2.Z), Bits(right.W), Bits(right2.W));
    }

    private static int Bits(float x) => BitConverter.SingleToInt32Bits(x);

    /// <summary>The nearest number with 10 bits of fraction, ties away from zero.</summary>
    internal static float Round(float x) => float.IsNaN(x) ? x : BitConverter.Int32BitsToSingle((Bits(x) + 0x1000) & ~0x1FFF);
}
