using ILGPU.Runtime.Cuda;
using FloatOut = ILGPU.Runtime.Cuda.Output<float>;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// The 8×8 accumulators of a thread as registers that inline assembly declares: c0 … c63, eight per row.
/// </summary>
/// <remarks>ILGPU passes results of inline assembly through local memory, so only the final values are read.</remarks>
internal static class MmaAccumulators
{
    /// <summary>Declares the registers, with the same values in each row.</summary>
    public static void Initialize(Accumulators8 row)
    {
        Float4 a = row.C0, b = row.C1;
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
    }

    /// <summary>The values of the registers.</summary>
    public static Accumulators8x8 Read()
    {
        FloatOut a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        CudaAsm.EmitRef(
            "mov.f32 %0, c0; mov.f32 %1, c1; mov.f32 %2, c2; mov.f32 %3, c3; " +
            "mov.f32 %4, c4; mov.f32 %5, c5; mov.f32 %6, c6; mov.f32 %7, c7;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r0 = new Accumulators8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c8; mov.f32 %1, c9; mov.f32 %2, c10; mov.f32 %3, c11; " +
            "mov.f32 %4, c12; mov.f32 %5, c13; mov.f32 %6, c14; mov.f32 %7, c15;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r1 = new Accumulators8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c16; mov.f32 %1, c17; mov.f32 %2, c18; mov.f32 %3, c19; " +
            "mov.f32 %4, c20; mov.f32 %5, c21; mov.f32 %6, c22; mov.f32 %7, c23;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r2 = new Accumulators8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c24; mov.f32 %1, c25; mov.f32 %2, c26; mov.f32 %3, c27; " +
            "mov.f32 %4, c28; mov.f32 %5, c29; mov.f32 %6, c30; mov.f32 %7, c31;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r3 = new Accumulators8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c32; mov.f32 %1, c33; mov.f32 %2, c34; mov.f32 %3, c35; " +
            "mov.f32 %4, c36; mov.f32 %5, c37; mov.f32 %6, c38; mov.f32 %7, c39;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r4 = new Accumulators8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c40; mov.f32 %1, c41; mov.f32 %2, c42; mov.f32 %3, c43; " +
            "mov.f32 %4, c44; mov.f32 %5, c45; mov.f32 %6, c46; mov.f32 %7, c47;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r5 = new Accumulators8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c48; mov.f32 %1, c49; mov.f32 %2, c50; mov.f32 %3, c51; " +
            "mov.f32 %4, c52; mov.f32 %5, c53; mov.f32 %6, c54; mov.f32 %7, c55;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r6 = new Accumulators8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        CudaAsm.EmitRef(
            "mov.f32 %0, c56; mov.f32 %1, c57; mov.f32 %2, c58; mov.f32 %3, c59; " +
            "mov.f32 %4, c60; mov.f32 %5, c61; mov.f32 %6, c62; mov.f32 %7, c63;",
            ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        var r7 = new Accumulators8(new(a.Value, b.Value, c.Value, d.Value), new(e.Value, f.Value, g.Value, h.Value));
        return new(r0, r1, r2, r3, r4, r5, r6, r7);
    }
}
