using System.Runtime.CompilerServices;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>The sums of a tile, mr rows of two vectors (nr = l and r), in registers.</summary>
/// <remarks>The JIT keeps each field in a register of its own, as long as every method is inlined.</remarks>
internal unsafe struct TileAccumulators<V> where V : struct, IVector<V>
{
    private V l0, r0, l1, r1, l2, r2, l3, r3, l4, r4, l5, r5, l6, r6, l7, r7;

    /// <summary>sums[r] += p_r[k + i]·panel[i].</summary>
    /// <param name="panel">[·, nr]</param>
    /// <param name="p0">p_r points to row r of A.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAccumulate(
        float* panel, nint i, nint k,
        float* p0, float* p1, float* p2, float* p3, float* p4, float* p5, float* p6, float* p7)
    {
        var left = V.Load(panel + i * 2 * V.Width);
        var right = V.Load(panel + i * 2 * V.Width + V.Width);
        MultiplyAccumulate(p0[k + i], left, right, ref l0, ref r0);
        MultiplyAccumulate(p1[k + i], left, right, ref l1, ref r1);
        MultiplyAccumulate(p2[k + i], left, right, ref l2, ref r2);
        MultiplyAccumulate(p3[k + i], left, right, ref l3, ref r3);
        if (V.Mr > 4) MultiplyAccumulate(p4[k + i], left, right, ref l4, ref r4);
        if (V.Mr > 5) MultiplyAccumulate(p5[k + i], left, right, ref l5, ref r5);
        if (V.Mr > 6) MultiplyAccumulate(p6[k + i], left, right, ref l6, ref r6);
        if (V.Mr > 7) MultiplyAccumulate(p7[k + i], left, right, ref l7, ref r7);
    }

    /// <summary>Four steps, from k on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAccumulate4(
        float* panel, nint k, float* p0, float* p1, float* p2, float* p3, float* p4, float* p5, float* p6, float* p7)
    {
        MultiplyAccumulate(panel, 0, k, p0, p1, p2, p3, p4, p5, p6, p7);
        MultiplyAccumulate(panel, 1, k, p0, p1, p2, p3, p4, p5, p6, p7);
        MultiplyAccumulate(panel, 2, k, p0, p1, p2, p3, p4, p5, p6, p7);
        MultiplyAccumulate(panel, 3, k, p0, p1, p2, p3, p4, p5, p6, p7);
    }

    /// <summary>Eight steps.</summary>
    /// <param name="step">Floats from column to column of A; a constant to the JIT.</param>
    /// <param name="stride">Floats from row to row of A; a constant to the JIT.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAccumulate8<TRows>(float* panel, float* column, nint step, nint stride)
        where TRows : struct, IConstant
    {
        MultiplyAccumulate<TRows>(panel, 0, column, 0, stride);
        MultiplyAccumulate<TRows>(panel, 1, column, step, stride);
        MultiplyAccumulate<TRows>(panel, 2, column, 2 * step, stride);
        MultiplyAccumulate<TRows>(panel, 3, column, 3 * step, stride);
        MultiplyAccumulate<TRows>(panel, 4, column, 4 * step, stride);
        MultiplyAccumulate<TRows>(panel, 5, column, 5 * step, stride);
        MultiplyAccumulate<TRows>(panel, 6, column, 6 * step, stride);
        MultiplyAccumulate<TRows>(panel, 7, column, 7 * step, stride);
    }

    /// <summary>sums[r] += column[at + r·stride]·panel[i], for the first TRows rows.</summary>
    /// <param name="panel">[·, nr]</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAccumulate<TRows>(float* panel, nint i, float* column, nint at, nint stride)
        where TRows : struct, IConstant
    {
        var left = V.Load(panel + i * 2 * V.Width);
        var right = V.Load(panel + i * 2 * V.Width + V.Width);
        MultiplyAccumulate(column[at], left, right, ref l0, ref r0);
        if (TRows.Value > 1) MultiplyAccumulate(column[at + 1 * stride], left, right, ref l1, ref r1);
        if (TRows.Value > 2) MultiplyAccumulate(column[at + 2 * stride], left, right, ref l2, ref r2);
        if (TRows.Value > 3) MultiplyAccumulate(column[at + 3 * stride], left, right, ref l3, ref r3);
        if (TRows.Value > 4) MultiplyAccumulate(column[at + 4 * stride], left, right, ref l4, ref r4);
        if (TRows.Value > 5) MultiplyAccumulate(column[at + 5 * stride], left, right, ref l5, ref r5);
        if (TRows.Value > 6) MultiplyAccumulate(column[at + 6 * stride], left, right, ref l6, ref r6);
        if (TRows.Value > 7) MultiplyAccumulate(column[at + 7 * stride], left, right, ref l7, ref r7);
    }

    /// <summary>Starts each row from the bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LoadBias(MicroKernels.Epilogue epilogue)
    {
        Load((float*)epilogue.InitialSums, out var left, out var right);
        l0 = l1 = l2 = l3 = l4 = l5 = l6 = l7 = left;
        r0 = r1 = r2 = r3 = r4 = r5 = r6 = r7 = right;
    }

    /// <summary>
    /// Applies the ReLU and writes all rows, each <paramref name="column"/> floats after its pointer.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreWithEpilogue(float** outputs, nint column, MicroKernels.Epilogue epilogue)
    {
        if (epilogue.Relu)
        {
            (l0, r0, l1, r1) = (V.Relu(l0), V.Relu(r0), V.Relu(l1), V.Relu(r1));
            (l2, r2, l3, r3) = (V.Relu(l2), V.Relu(r2), V.Relu(l3), V.Relu(r3));
            if (V.Mr > 4) (l4, r4) = (V.Relu(l4), V.Relu(r4));
            if (V.Mr > 5) (l5, r5) = (V.Relu(l5), V.Relu(r5));
            if (V.Mr > 6) (l6, r6) = (V.Relu(l6), V.Relu(r6));
            if (V.Mr > 7) (l7, r7) = (V.Relu(l7), V.Relu(r7));
        }

        if (epilogue.NonTemporal) Store<NonTemporalStore>(outputs, column);
        else Store<CachedStore>(outputs, column);
    }

    /// <summary>
    /// Writes the first TRows rows, <paramref name="stride"/> floats apart, or adds them to the output.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreOrAccumulate<TRows>(float* output, nint stride, bool accumulate)
        where TRows : struct, IConstant
    {
        StoreOrAccumulate(output, l0, r0, accumulate);
        if (TRows.Value > 1) StoreOrAccumulate(output + 1 * stride, l1, r1, accumulate);
        if (TRows.Value > 2) StoreOrAccumulate(output + 2 * stride, l2, r2, accumulate);
        if (TRows.Value > 3) StoreOrAccumulate(output + 3 * stride, l3, r3, accumulate);
        if (TRows.Value > 4) StoreOrAccumulate(output + 4 * stride, l4, r4, accumulate);
        if (TRows.Value > 5) StoreOrAccumulate(output + 5 * stride, l5, r5, accumulate);
        if (TRows.Value > 6) StoreOrAccumulate(output + 6 * stride, l6, r6, accumulate);
        if (TRows.Value > 7) StoreOrAccumulate(output + 7 * stride, l7, r7, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAccumulate(float x, V left, V right, ref V sumLeft, ref V sumRight)
    {
        var factor = V.Create(x);
        V.MultiplyAccumulateEstimate(factor, left, ref sumLeft);
        V.MultiplyAccumulateEstimate(factor, right, ref sumRight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(float* from, out V left, out V right) =>
        (left, right) = (V.Load(from), V.Load(from + V.Width));

    /// <summary>Adds what the outputs hold.</summary>
    /// <remarks>
    /// After the products: sums that start from the outputs would round each product at the magnitude of the whole sum.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddOutputs(float** outputs, nint column)
    {
        (l0, r0) = (l0 + V.Load(outputs[0] + column), r0 + V.Load(outputs[0] + column + V.Width));
        (l1, r1) = (l1 + V.Load(outputs[1] + column), r1 + V.Load(outputs[1] + column + V.Width));
        (l2, r2) = (l2 + V.Load(outputs[2] + column), r2 + V.Load(outputs[2] + column + V.Width));
        (l3, r3) = (l3 + V.Load(outputs[3] + column), r3 + V.Load(outputs[3] + column + V.Width));
        if (V.Mr > 4) (l4, r4) = (l4 + V.Load(outputs[4] + column), r4 + V.Load(outputs[4] + column + V.Width));
        if (V.Mr > 5) (l5, r5) = (l5 + V.Load(outputs[5] + column), r5 + V.Load(outputs[5] + column + V.Width));
        if (V.Mr > 6) (l6, r6) = (l6 + V.Load(outputs[6] + column), r6 + V.Load(outputs[6] + column + V.Width));
        if (V.Mr > 7) (l7, r7) = (l7 + V.Load(outputs[7] + column), r7 + V.Load(outputs[7] + column + V.Width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Store<TStorePolicy>(float** outputs, nint column) where TStorePolicy : struct, IStorePolicy
    {
        TStorePolicy.Store(outputs[0] + column, l0, r0);
        TStorePolicy.Store(outputs[1] + column, l1, r1);
        TStorePolicy.Store(outputs[2] + column, l2, r2);
        TStorePolicy.Store(outputs[3] + column, l3, r3);
        if (V.Mr > 4) TStorePolicy.Store(outputs[4] + column, l4, r4);
        if (V.Mr > 5) TStorePolicy.Store(outputs[5] + column, l5, r5);
        if (V.Mr > 6) TStorePolicy.Store(outputs[6] + column, l6, r6);
        if (V.Mr > 7) TStorePolicy.Store(outputs[7] + column, l7, r7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreOrAccumulate(float* output, V left, V right, bool accumulate)
    {
        if (accumulate) (left, right) = (left + V.Load(output), right + V.Load(output + V.Width));
        left.Store(output);
        right.Store(output + V.Width);
    }

    /// <summary>Whether results are stored through the caches or past them, chosen when the JIT compiles.</summary>
    private interface IStorePolicy
    {
        static abstract void Store(float* output, V left, V right);
    }

    private readonly struct CachedStore : IStorePolicy
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(float* output, V left, V right)
        {
            left.Store(output);
            right.Store(output + V.Width);
        }
    }

    private readonly struct NonTemporalStore : IStorePolicy
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(float* output, V left, V right)
        {
            left.StoreNonTemporal(output);
            right.StoreNonTemporal(output + V.Width);
        }
    }
}

/// <summary>A number that the JIT sees as a constant.</summary>
internal interface IConstant
{
    static abstract int Value { get; }
}
