using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>The sums of a tile, as many rows of two vectors as fit into the registers.</summary>
/// <remarks>The JIT keeps each field in a register of its own, as long as every method is inlined.</remarks>
internal unsafe struct TileSums<V> where V : struct, ILanes<V>
{
    private V l0, r0, l1, r1, l2, r2, l3, r3, l4, r4, l5, r5, l6, r6, l7, r7;

    /// <summary>sums[r] += row r[k + i] · panel[i].</summary>
    /// <param name="panel">Rows of two vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(
        float* panel, nint i, nint k,
        float* p0, float* p1, float* p2, float* p3, float* p4, float* p5, float* p6, float* p7)
    {
        var left = V.Load(panel + i * 2 * V.Width);
        var right = V.Load(panel + i * 2 * V.Width + V.Width);
        Add(p0[k + i], left, right, ref l0, ref r0);
        Add(p1[k + i], left, right, ref l1, ref r1);
        Add(p2[k + i], left, right, ref l2, ref r2);
        Add(p3[k + i], left, right, ref l3, ref r3);
        if (V.TileRows > 4) Add(p4[k + i], left, right, ref l4, ref r4);
        if (V.TileRows > 5) Add(p5[k + i], left, right, ref l5, ref r5);
        if (V.TileRows > 6) Add(p6[k + i], left, right, ref l6, ref r6);
        if (V.TileRows > 7) Add(p7[k + i], left, right, ref l7, ref r7);
    }

    /// <summary>The sums of four steps from k on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddFour(
        float* panel, nint k, float* p0, float* p1, float* p2, float* p3, float* p4, float* p5, float* p6, float* p7)
    {
        Add(panel, 0, k, p0, p1, p2, p3, p4, p5, p6, p7);
        Add(panel, 1, k, p0, p1, p2, p3, p4, p5, p6, p7);
        Add(panel, 2, k, p0, p1, p2, p3, p4, p5, p6, p7);
        Add(panel, 3, k, p0, p1, p2, p3, p4, p5, p6, p7);
    }

    /// <summary>The sums of eight steps.</summary>
    /// <param name="step">Floats from column to column: a constant, as is <paramref name="stride"/> from row to row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddEight<R>(float* panel, float* column, nint step, nint stride) where R : struct, IExtent
    {
        Add<R>(panel, 0, column, 0, stride);
        Add<R>(panel, 1, column, step, stride);
        Add<R>(panel, 2, column, 2 * step, stride);
        Add<R>(panel, 3, column, 3 * step, stride);
        Add<R>(panel, 4, column, 4 * step, stride);
        Add<R>(panel, 5, column, 5 * step, stride);
        Add<R>(panel, 6, column, 6 * step, stride);
        Add<R>(panel, 7, column, 7 * step, stride);
    }

    /// <summary>sums[r] += column[at + r · stride] · panel[i], for the first R rows.</summary>
    /// <param name="panel">Rows of two vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<R>(float* panel, nint i, float* column, nint at, nint stride) where R : struct, IExtent
    {
        var left = V.Load(panel + i * 2 * V.Width);
        var right = V.Load(panel + i * 2 * V.Width + V.Width);
        Add(column[at], left, right, ref l0, ref r0);
        if (R.Count > 1) Add(column[at + 1 * stride], left, right, ref l1, ref r1);
        if (R.Count > 2) Add(column[at + 2 * stride], left, right, ref l2, ref r2);
        if (R.Count > 3) Add(column[at + 3 * stride], left, right, ref l3, ref r3);
        if (R.Count > 4) Add(column[at + 4 * stride], left, right, ref l4, ref r4);
        if (R.Count > 5) Add(column[at + 5 * stride], left, right, ref l5, ref r5);
        if (R.Count > 6) Add(column[at + 6 * stride], left, right, ref l6, ref r6);
        if (R.Count > 7) Add(column[at + 7 * stride], left, right, ref l7, ref r7);
    }

    /// <summary>Starts every row from the bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(Tile.Ends ends)
    {
        Load((float*)ends.Bias, out var left, out var right);
        l0 = l1 = l2 = l3 = l4 = l5 = l6 = l7 = left;
        r0 = r1 = r2 = r3 = r4 = r5 = r6 = r7 = right;
    }

    /// <summary>Writes all rows, two vectors each <paramref name="column"/> floats behind its pointer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Finish(float** outputs, nint column, Tile.Ends ends)
    {
        if (ends.Relu)
        {
            (l0, r0, l1, r1) = (V.Positive(l0), V.Positive(r0), V.Positive(l1), V.Positive(r1));
            (l2, r2, l3, r3) = (V.Positive(l2), V.Positive(r2), V.Positive(l3), V.Positive(r3));
            if (V.TileRows > 4) (l4, r4) = (V.Positive(l4), V.Positive(r4));
            if (V.TileRows > 5) (l5, r5) = (V.Positive(l5), V.Positive(r5));
            if (V.TileRows > 6) (l6, r6) = (V.Positive(l6), V.Positive(r6));
            if (V.TileRows > 7) (l7, r7) = (V.Positive(l7), V.Positive(r7));
        }

        if (ends.Streaming) Store<Past>(outputs, column);
        else Store<Through>(outputs, column);
    }

    /// <summary>Writes the first R rows, <paramref name="stride"/> floats apart, or adds them to what is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Put<R>(float* output, nint stride, bool accumulate) where R : struct, IExtent
    {
        Put(output, l0, r0, accumulate);
        if (R.Count > 1) Put(output + 1 * stride, l1, r1, accumulate);
        if (R.Count > 2) Put(output + 2 * stride, l2, r2, accumulate);
        if (R.Count > 3) Put(output + 3 * stride, l3, r3, accumulate);
        if (R.Count > 4) Put(output + 4 * stride, l4, r4, accumulate);
        if (R.Count > 5) Put(output + 5 * stride, l5, r5, accumulate);
        if (R.Count > 6) Put(output + 6 * stride, l6, r6, accumulate);
        if (R.Count > 7) Put(output + 7 * stride, l7, r7, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float x, V left, V right, ref V sumLeft, ref V sumRight)
    {
        var spread = V.Of(x);
        V.Accumulate(spread, left, ref sumLeft);
        V.Accumulate(spread, right, ref sumRight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(float* from, out V left, out V right) => (left, right) = (V.Load(from), V.Load(from + V.Width));

    /// <summary>Adds what the outputs hold.</summary>
    /// <remarks>At the end: sums that started from there would round each product to the size of the whole.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddTo(float** outputs, nint column)
    {
        (l0, r0) = (l0 + V.Load(outputs[0] + column), r0 + V.Load(outputs[0] + column + V.Width));
        (l1, r1) = (l1 + V.Load(outputs[1] + column), r1 + V.Load(outputs[1] + column + V.Width));
        (l2, r2) = (l2 + V.Load(outputs[2] + column), r2 + V.Load(outputs[2] + column + V.Width));
        (l3, r3) = (l3 + V.Load(outputs[3] + column), r3 + V.Load(outputs[3] + column + V.Width));
        if (V.TileRows > 4) (l4, r4) = (l4 + V.Load(outputs[4] + column), r4 + V.Load(outputs[4] + column + V.Width));
        if (V.TileRows > 5) (l5, r5) = (l5 + V.Load(outputs[5] + column), r5 + V.Load(outputs[5] + column + V.Width));
        if (V.TileRows > 6) (l6, r6) = (l6 + V.Load(outputs[6] + column), r6 + V.Load(outputs[6] + column + V.Width));
        if (V.TileRows > 7) (l7, r7) = (l7 + V.Load(outputs[7] + column), r7 + V.Load(outputs[7] + column + V.Width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Store<C>(float** outputs, nint column) where C : struct, ICaches
    {
        C.Store(outputs[0] + column, l0, r0);
        C.Store(outputs[1] + column, l1, r1);
        C.Store(outputs[2] + column, l2, r2);
        C.Store(outputs[3] + column, l3, r3);
        if (V.TileRows > 4) C.Store(outputs[4] + column, l4, r4);
        if (V.TileRows > 5) C.Store(outputs[5] + column, l5, r5);
        if (V.TileRows > 6) C.Store(outputs[6] + column, l6, r6);
        if (V.TileRows > 7) C.Store(outputs[7] + column, l7, r7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* output, V left, V right, bool accumulate)
    {
        if (accumulate) (left, right) = (left + V.Load(output), right + V.Load(output + V.Width));
        left.Store(output);
        right.Store(output + V.Width);
    }

    /// <summary>Whether results go through the caches or past them, as the JIT sees it: a constant.</summary>
    private interface ICaches
    {
        static abstract void Store(float* output, V left, V right);
    }

    private readonly struct Through : ICaches
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(float* output, V left, V right)
        {
            left.Store(output);
            right.Store(output + V.Width);
        }
    }

    private readonly struct Past : ICaches
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(float* output, V left, V right)
        {
            left.StoreStreaming(output);
            right.StoreStreaming(output + V.Width);
        }
    }
}

/// <summary>A number that the JIT sees as a constant.</summary>
internal interface IExtent
{
    static abstract int Count { get; }
}
