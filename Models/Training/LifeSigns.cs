namespace PyNetSharp;

/// <summary>Watches a network's scores for signs that they still depend on anything.</summary>
/// <remarks>
/// Where the last ReLUs are dead, all classes score zero; where those of an earlier layer are, all items score the
/// same. Both are exact, because a dead ReLU gives zeros, so equality to the last bit tells them from a network that is
/// merely bad. A single such batch may be an accident; many in a row are none.
/// </remarks>
internal sealed class LifeSigns
{
    /// <summary>After so many batches in a row without a sign of life the network is dead.</summary>
    public const int Patience = 10;

    private float[] scores = [];
    private int silent;

    public bool HasEnded => silent >= Patience;

    /// <param name="y">[batch, classes] scores of a training batch.</param>
    public void Watch(Tensor y)
    {
        if (scores.Length < y.Shape.Size) scores = new float[y.Shape.Size];
        var rows = scores.AsSpan(0, y.Shape.Size);
        y.CopyTo(rows);
        silent = IsFlat(rows, y.Shape[0], y.Shape[1]) ? silent + 1 : 0;
    }

    /// <summary>Whether no item's scores depend on the class, or no class's on the item.</summary>
    private static bool IsFlat(ReadOnlySpan<float> rows, int items, int classes)
    {
        var (overClasses, overItems) = (true, items > 1);
        for (var i = 0; i < items && (overClasses || overItems); i++)
        {
            var row = rows.Slice(i * classes, classes);
            overClasses &= !row.ContainsAnyExcept(row[0]);
            overItems &= row.SequenceEqual(rows[..classes]);
        }

        return overClasses || overItems;
    }
}
