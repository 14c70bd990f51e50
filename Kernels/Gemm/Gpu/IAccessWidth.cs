namespace PyNetSharp.Kernels.Gemm;

/// <summary>How a kernel moves neighbouring floats: at once, or one by one.</summary>
internal interface IAccessWidth
{
    /// <summary>
    /// Whether four at once: all extents along which floats are neighbours are multiples of 4, so that four floats from a
    /// multiple of 4 on are inside together or outside together.
    /// </summary>
    static abstract bool IsVector4 { get; }
}

internal readonly struct Vector4Access : IAccessWidth
{
    static bool IAccessWidth.IsVector4 => true;

    /// <summary>Whether these extents allow it.</summary>
    public static bool Fits(int a, int b) => a % 4 == 0 && b % 4 == 0;
}

internal readonly struct ScalarAccess : IAccessWidth
{
    public static bool IsVector4 => false;
}
