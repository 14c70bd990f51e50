namespace PyNetSharp.Kernels.Gemm;

/// <summary>The accumulators of one thread: 8×8 sums of a product.</summary>
/// <remarks>They are fields of structs because those stay in registers; elements of an array would not.</remarks>
internal readonly struct Accumulators8x8(
    Accumulators8 r0, Accumulators8 r1, Accumulators8 r2, Accumulators8 r3,
    Accumulators8 r4, Accumulators8 r5, Accumulators8 r6, Accumulators8 r7)
{
    public readonly Accumulators8 R0 = r0, R1 = r1, R2 = r2, R3 = r3, R4 = r4, R5 = r5, R6 = r6, R7 = r7;

    /// <summary>
    /// This plus the outer product of eight elements of A (rows 0 … 3, rows 4 … 7) and eight of B (columns 0 … 3,
    /// columns 4 … 7).
    /// </summary>
    public Accumulators8x8 AddOuterProduct(Float4 a0, Float4 a1, Float4 b0, Float4 b1) => new(
        R0.MultiplyAdd(a0.X, b0, b1), R1.MultiplyAdd(a0.Y, b0, b1),
        R2.MultiplyAdd(a0.Z, b0, b1), R3.MultiplyAdd(a0.W, b0, b1),
        R4.MultiplyAdd(a1.X, b0, b1), R5.MultiplyAdd(a1.Y, b0, b1),
        R6.MultiplyAdd(a1.Z, b0, b1), R7.MultiplyAdd(a1.W, b0, b1));
}

/// <summary>One row of them: columns 0 … 3 and columns 4 … 7.</summary>
internal readonly struct Accumulators8(Float4 c0, Float4 c1)
{
    public readonly Float4 C0 = c0, C1 = c1;

    public Accumulators8 MultiplyAdd(float a, Float4 b0, Float4 b1) =>
        new(C0.MultiplyAdd(a, b0), C1.MultiplyAdd(a, b1));
}
