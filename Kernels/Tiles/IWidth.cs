namespace PyNetSharp;

/// <summary>How a kernel moves neighbouring floats: at once, or one by one.</summary>
internal interface IWidth
{
    /// <summary>
    /// Whether four at once: all extents along which floats are neighbours are multiples of 4, so that four floats from a
    /// multiple of 4 on are inside together or outside together.
    /// </summary>
    static abstract bool Fours { get; }
}

internal readonly struct Fours : IWidth
{
    static bool IWidth.Fours => true;

    /// <summary>Whether these extents allow it.</summary>
    public static bool Fit(int a, int b) => a % 4 == 0 && b % 4 == 0;
}

internal readonly struct Singles : IWidth
{
    public static bool Fours => false;
}
