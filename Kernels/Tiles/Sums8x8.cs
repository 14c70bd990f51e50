namespace PyNetSharp;

/// <summary>The 8×8 sums of one thread. As fields of structs they stay in registers, which elements of an array would not.</summary>
internal readonly struct Sums8x8(
    Sums8 r0, Sums8 r1, Sums8 r2, Sums8 r3, Sums8 r4, Sums8 r5, Sums8 r6, Sums8 r7)
{
    public readonly Sums8 R0 = r0, R1 = r1, R2 = r2, R3 = r3, R4 = r4, R5 = r5, R6 = r6, R7 = r7;

    /// <summary>This plus the outer product of eight floats (above and below) and eight floats (left and right).</summary>
    public Sums8x8 Plus(Float4 above, Float4 below, Float4 left, Float4 right) => new(
        R0.Plus(above.X, left, right), R1.Plus(above.Y, left, right), R2.Plus(above.Z, left, right), R3.Plus(above.W, left, right),
        R4.Plus(below.X, left, right), R5.Plus(below.Y, left, right), R6.Plus(below.Z, left, right), R7.Plus(below.W, left, right));
}

/// <summary>One row of them.</summary>
internal readonly struct Sums8(Float4 left, Float4 right)
{
    public readonly Float4 Left = left, Right = right;

    public Sums8 Plus(float a, Float4 left, Float4 right) => new(Left.Plus(a, left), Right.Plus(a, right));
}
