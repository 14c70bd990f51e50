namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// The threadblock tile, M × N: the part of a product that one group of threads computes. Both are multiples of 64;
/// each thread has 64 accumulators.
/// </summary>
internal interface ITileShape
{
    static abstract int M { get; }

    static abstract int N { get; }
}

internal readonly struct Tile128x128 : ITileShape
{
    public static int M => 128;

    public static int N => 128;
}

internal readonly struct Tile128x64 : ITileShape
{
    public static int M => 128;

    public static int N => 64;
}

internal readonly struct Tile64x128 : ITileShape
{
    public static int M => 64;

    public static int N => 128;
}

internal readonly struct Tile64x64 : ITileShape
{
    public static int M => 64;

    public static int N => 64;
}
