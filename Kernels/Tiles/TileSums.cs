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

    /// <summary>sums[r] += column[at + r · stride] · panel[i], for the first R rows.</summary>
    /// <param name="panel">Rows of two vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<R>(float* panel, nint i, float* column, nint at, nint stride) where R : struct, IRows
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

    /// <summary>Writes all rows, two vectors each <paramref name="column"/> floats behind its pointer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Finish(float** outputs, nint column, Tile.Ends ends)
    {
        Finish(outputs[0] + column, l0, r0, ends);
        Finish(outputs[1] + column, l1, r1, ends);
        Finish(outputs[2] + column, l2, r2, ends);
        Finish(outputs[3] + column, l3, r3, ends);
        if (V.TileRows > 4) Finish(outputs[4] + column, l4, r4, ends);
        if (V.TileRows > 5) Finish(outputs[5] + column, l5, r5, ends);
        if (V.TileRows > 6) Finish(outputs[6] + column, l6, r6, ends);
        if (V.TileRows > 7) Finish(outputs[7] + column, l7, r7, ends);
    }

    /// <summary>Writes the first R rows, <paramref name="stride"/> floats apart, or adds them to what is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Put<R>(float* output, nint stride, bool accumulate) where R : struct, IRows
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
    private static void Finish(float* output, V left, V right, Tile.Ends ends)
    {
        var start = ends.Bias == 0 ? output : (float*)ends.Bias;
        left = left + V.Load(start);
        right = right + V.Load(start + V.Width);
        if (ends.Relu) (left, right) = (V.Positive(left), V.Positive(right));
        if (ends.Streaming)
        {
            left.StoreStreaming(output);
            right.StoreStreaming(output + V.Width);
            return;
        }

        left.Store(output);
        right.Store(output + V.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* output, V left, V right, bool accumulate)
    {
        if (accumulate) (left, right) = (left + V.Load(output), right + V.Load(output + V.Width));
        left.Store(output);
        right.Store(output + V.Width);
    }
}

/// <summary>A number of rows that the JIT sees as a constant.</summary>
internal interface IRows
{
    static abstract int Count { get; }
}
