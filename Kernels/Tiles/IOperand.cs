namespace PyNetSharp;

/// <summary>
/// One factor of a product as the tile loop reads it: lines (the left one's rows, the right one's columns) of so many
/// floats in depth, over which the product sums.
/// </summary>
/// <typeparam name="TPlace">Where in the factor a thread reads: what changes as it goes down in depth.</typeparam>
internal interface IOperand<TPlace> where TPlace : struct
{
    /// <summary>Whether neighbours in memory follow each other in depth, along a line; else across lines, at one depth.</summary>
    static abstract bool AlongLine { get; }

    /// <summary>The place of four neighbours, the first of which is at this line and depth.</summary>
    TPlace At(int line, int depth);

    /// <summary>The place <paramref name="depth"/> further down.</summary>
    TPlace Next(TPlace place, int depth);

    /// <summary>The four neighbours; zeros for what lies beyond the last line, the full depth or an image's edge.</summary>
    Float4 Read(TPlace place);

    /// <summary>The address from which <see cref="Send"/> counts. For the host alone.</summary>
    long Address { get; }

    /// <summary>Copies what <see cref="Read"/> yields.</summary>
    void Send(TPlace place, AsyncCopy copy);
}

/// <summary>Where a product goes.</summary>
internal interface IProductTarget
{
    /// <summary>What four neighbouring columns are added to.</summary>
    Float4 Start(int column);

    /// <summary>Takes four neighbours of one row; some may lie beyond the edges, and are dropped.</summary>
    void Write(int row, int column, Float4 sums);
}
