namespace PyNetSharp.Kernels.Gemm;

/// <summary>The 8×8 sums of one thread. As fields of structs they stay in registers, which elements of an array would not.</summary>
internal readonly struct Accumulators8x8(
    Accumulators8 r0, Accumulators8 r1, Accumulators8 r2, Accumulators8 r3, Accumulators8 r4, Accumulators8 r5, Accumulators8 r6, Accumulators8 r7)
{
    public readonly Accumulators8 R0 = r0, R1 = r1, R2 = r2, R3 = r3, R4 = r4, R5 = r5, R6 = r6, R7 = r7;

    /// <summary>This plus the outer product of eight floats (above and below) and eight floats (left and right).</summary>
    public Accumulators8x8 AddOuterProduct(Float4 above, Float4 below, Float4 left, Float4 right) => new(
        R0.MultiplyAdd(above.X, left, right), R1.MultiplyAdd(above.Y, left, right), R2.MultiplyAdd(above.Z, left, right), R3.MultiplyAdd(above.W, left, right),
        R4.MultiplyAdd(below.X, left, right), R5.MultiplyAdd(below.Y, left, right), R6.MultiplyAdd(below.Z, left, right), R7.MultiplyAdd(below.W, left, right));
}

/// <summary>One row of them.</summary>
internal readonly struct Accumulators8(Float4 left, Float4 right)
{
    public readonly Float4 Left = left, Right = right;

    public Accumulators8 MultiplyAdd(float a, Float4 left, Float4 right) => new(Left.MultiplyAdd(a, left), Right.MultiplyAdd(a, right));
}
