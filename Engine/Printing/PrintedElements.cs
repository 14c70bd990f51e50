namespace PyNetSharp;

/// <summary>Which elements of a shape are printed: all, or those at both ends of every axis.</summary>
internal sealed class PrintedElements
{
    /// <summary>A gap in storage up to which one copy from a device is faster than two.</summary>
    private const int MaxGap = 1 << 12;

    private readonly int edgeItems;

    public PrintedElements(Shape shape, PrintOptions options)
    {
        (Shape, edgeItems) = (shape, options.EdgeItems);
        IsSummarized = Shape.Size > options.Threshold;
    }

    /// <summary>The shape of all elements.</summary>
    public Shape Shape { get; }

    /// <summary>Whether a summary is printed.</summary>
    public bool IsSummarized { get; }

    /// <summary>Whether elements are left out.</summary>
    public bool IsAnyCut => Enumerable.Range(0, Shape.Rank).Any(IsCut);

    /// <summary>The printed elements of a tensor, in logical order.</summary>
    /// <remarks>Of a GPU's tensor only they are copied to the host, and what lies between near ones.</remarks>
    public float[] Read(Tensor x) => IsSummarized ? Read(x, Offsets(Layout.StorageOrder(Shape.Rank))) : x.ToArray();

    /// <summary>The printed elements of a row-major array.</summary>
    public T[] Read<T>(ReadOnlySpan<T> values)
    {
        if (!IsSummarized) return values.ToArray();
        var offsets = Offsets(Enumerable.Range(0, Shape.Rank));
        var read = new T[offsets.Length];
        for (var i = 0; i < read.Length; i++) read[i] = values[offsets[i]];
        return read;
    }

    /// <summary>Whether the middle of an axis is left out.</summary>
    public bool IsCut(int axis) => IsSummarized && Shape[axis] > 2 * edgeItems;

    /// <summary>How many items of an axis are printed.</summary>
    public int Count(int axis) => IsCut(axis) ? 2 * edgeItems : Shape[axis];

    /// <summary>Whether a "…" stands before this one of an axis's printed items.</summary>
    public bool FollowsGap(int axis, int item) => IsCut(axis) && item == edgeItems;

    /// <param name="order">The axes, outermost in storage first.</param>
    private int[] Offsets(IEnumerable<int> order)
    {
        var strides = new int[Shape.Rank];
        var stride = 1;
        foreach (var axis in order.Reverse())
        {
            strides[axis] = stride;
            stride *= Shape[axis];
        }

        int[] offsets = [0];
        for (var axis = 0; axis < Shape.Rank; axis++)
        {
            var (count, next) = (Count(axis), new int[offsets.Length * Count(axis)]);
            for (var i = 0; i < next.Length; i++)
            {
                var item = i % count;
                if (IsCut(axis) && item >= edgeItems) item += Shape[axis] - count;
                next[i] = offsets[i / count] + item * strides[axis];
            }

            offsets = next;
        }

        return offsets;
    }

    private static float[] Read(Tensor x, int[] offsets)
    {
        var (values, places) = (new float[offsets.Length], Enumerable.Range(0, offsets.Length).ToArray());
        Array.Sort(offsets, places);
        for (int begin = 0, end; begin < offsets.Length; begin = end)
        {
            end = begin + 1;
            while (end < offsets.Length && offsets[end] - offsets[end - 1] <= MaxGap) end++;
            var run = new float[offsets[end - 1] - offsets[begin] + 1];
            x.Device.Download(x.Storage, run, offsets[begin]);
            for (var i = begin; i < end; i++) values[places[i]] = run[offsets[i] - offsets[begin]];
        }

        GC.KeepAlive(x);
        return values;
    }
}
