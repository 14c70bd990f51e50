namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// One factor of a product as the tile loop reads it: lines (the left one's rows, the right one's columns) of so many
/// floats in depth, over which the product sums.
/// </summary>
/// <typeparam name="TPlace">Where in the factor a thread reads: what changes as it goes down in depth.</typeparam>
internal interface IGemmOperand<TPlace> where TPlace : struct
{
    /// <summary>Whether neighbours in memory follow each other in depth, along a line; else across lines, at one depth.</summary>
    static abstract bool IsKMajor { get; }

    /// <summary>The place of four neighbours, the first of which is at this line and depth.</summary>
    TPlace PositionAt(int line, int depth);

    /// <summary>The place <paramref name="depth"/> further down.</summary>
    TPlace Advance(TPlace place, int depth);

    /// <summary>The four neighbours; zeros for what lies beyond the last line, the full depth or an image's edge.</summary>
    Float4 Load(TPlace place);

    /// <summary>The address from which <see cref="CopyToShared"/> counts. For the host alone.</summary>
    long Address { get; }

    /// <summary>Copies what <see cref="Load"/> yields.</summary>
    void CopyToShared(TPlace place, AsyncCopy copy);
}

/// <summary>Where a product goes.</summary>
internal interface IEpilogue
{
    /// <summary>What four neighbouring columns are added to.</summary>
    Float4 InitialSums(int column);

    /// <summary>Takes four neighbours of one row; some may lie beyond the edges, and are dropped.</summary>
    void Store(int row, int column, Float4 sums);
}
