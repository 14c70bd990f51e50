namespace PyNetSharp.Kernels.Gemm;

/// <summary>How much of a product one group of threads computes: multiples of 64, with 64 sums for each thread.</summary>
internal interface ITileShape
{
    static abstract int Rows { get; }

    static abstract int Columns { get; }
}

internal readonly struct Tile128x128 : ITileShape
{
    public static int Rows => 128;

    public static int Columns => 128;
}

internal readonly struct Tile128x64 : ITileShape
{
    public static int Rows => 128;

    public static int Columns => 64;
}

internal readonly struct Tile64x128 : ITileShape
{
    public static int Rows => 64;

    public static int Columns => 128;
}

internal readonly struct Tile64x64 : ITileShape
{
    public static int Rows => 64;

    public static int Columns => 64;
}
