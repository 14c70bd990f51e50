namespace PyNetSharp;

/// <summary>
/// The two memory formats of a rank-4 tensor: logical N×C×H×W, and N×H×W×C (channels last) in storage.
/// </summary>
/// <remarks>Other ranks are row-major in both, and for one channel or one pixel both are the same.</remarks>
internal static class Layout
{
    /// <summary>Whether storage order and logical order are the same.</summary>
    public static bool IsContiguous(Shape shape) => shape.Rank != 4 || shape[1] == 1 || shape[2] * shape[3] == 1;

    /// <summary>The axes, outermost in storage first.</summary>
    public static IEnumerable<int> StorageOrder(int rank) => rank == 4 ? [0, 2, 3, 1] : Enumerable.Range(0, rank);

    public static void ToStorage(Shape shape, ReadOnlySpan<float> logical, Span<float> stored)
    {
        if (IsContiguous(shape)) logical.CopyTo(stored);
        else Transpose(shape[0], shape[1], shape[2] * shape[3], logical, stored);
    }

    public static void ToLogical(Shape shape, ReadOnlySpan<float> stored, Span<float> logical)
    {
        if (IsContiguous(shape)) stored.CopyTo(logical);
        else Transpose(shape[0], shape[2] * shape[3], shape[1], stored, logical);
    }

    /// <summary>
    /// [batch, rows, columns] → [batch, columns, rows], in tiles that keep both sides in the L1 cache.
    /// </summary>
    public static void Transpose(int batch, int rows, int columns, ReadOnlySpan<float> from, Span<float> to)
    {
        const int tile = 32;
        for (var b = 0; b < batch; b++)
        {
            var source = from.Slice(b * rows * columns, rows * columns);
            var target = to.Slice(b * rows * columns, rows * columns);
            for (var r0 = 0; r0 < rows; r0 += tile)
                for (var c0 = 0; c0 < columns; c0 += tile)
                    for (var r = r0; r < Math.Min(rows, r0 + tile); r++)
                        for (var c = c0; c < Math.Min(columns, c0 + tile); c++)
                            target[c * rows + r] = source[r * columns + c];
        }
    }
}
