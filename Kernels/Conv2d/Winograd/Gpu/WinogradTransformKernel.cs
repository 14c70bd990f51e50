using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Tiles or filters that a transform reads: [matrix, row, column, channel].</summary>
internal interface ITileSource
{
    float Load(int matrix, int row, int column, int channel);
}

/// <summary>Where a transform writes: [matrix, row, column, channel].</summary>
internal interface ITileTarget
{
    void Store(int matrix, int row, int column, int channel, float value);
}

/// <summary>
/// How the threads of <see cref="WinogradTransformKernel{TTransform, TSource, TTarget}"/> share work.
/// </summary>
internal static class WinogradTransform
{
    /// <summary>Channels of a group.</summary>
    public const int GroupChannels = 32;
}

/// <summary>
/// Applies a transform along both axes of square matrices, one per tile and channel or per pair of channels.
/// </summary>
/// <remarks>
/// A group takes one matrix of 32 channels: each thread transforms one column in registers, then, after an exchange
/// through shared memory, one row. Neighboring threads have neighboring channels, so that all accesses to global memory
/// are of 128 contiguous bytes.
/// </remarks>
/// <param name="channels">How many; threads beyond the last do nothing.</param>
internal readonly struct WinogradTransformKernel<TTransform, TSource, TTarget>(
    TSource source, TTarget target, int channels) : IGroupKernel
    where TTransform : struct, IRowTransform
    where TSource : struct, ITileSource
    where TTarget : struct, ITileTarget
{
    private const int GroupChannels = WinogradTransform.GroupChannels, MaxSize = 8;

    public static int Threads => GroupChannels * MaxSize;

    public void Run()
    {
        var between = SharedMemory.Allocate<float>(MaxSize * MaxSize * GroupChannels);
        int lane = Group.IdxX % GroupChannels, line = Group.IdxX / GroupChannels, matrix = Grid.IdxX;
        var channel = Grid.IdxY * GroupChannels + lane;
        var isChannel = channel < channels;
        if (isChannel && line < TTransform.From)
            StoreColumn(between, lane, line, TransformedColumn(matrix, line, channel));
        Group.Barrier();
        if (isChannel && line < TTransform.To) StoreRow(matrix, line, channel, TransformedRow(between, lane, line));
    }

    private Row8 TransformedColumn(int matrix, int column, int channel) => TTransform.Apply(new(
        source.Load(matrix, 0, column, channel), source.Load(matrix, 1, column, channel),
        source.Load(matrix, 2, column, channel), TTransform.From > 3 ? source.Load(matrix, 3, column, channel) : 0,
        TTransform.From > 4 ? source.Load(matrix, 4, column, channel) : 0,
        TTransform.From > 5 ? source.Load(matrix, 5, column, channel) : 0,
        TTransform.From > 6 ? source.Load(matrix, 6, column, channel) : 0,
        TTransform.From > 7 ? source.Load(matrix, 7, column, channel) : 0));

    private static void StoreColumn(ArrayView<float> between, int lane, int column, Row8 values)
    {
        const int row = MaxSize * GroupChannels;
        var to = between.SubView(column * GroupChannels + lane);
        to[0] = values.V0;
        to[row] = values.V1;
        to[2 * row] = values.V2;
        if (TTransform.To > 3) to[3 * row] = values.V3;
        if (TTransform.To > 4) to[4 * row] = values.V4;
        if (TTransform.To > 5) to[5 * row] = values.V5;
        if (TTransform.To > 6) to[6 * row] = values.V6;
        if (TTransform.To > 7) to[7 * row] = values.V7;
    }

    private static Row8 TransformedRow(ArrayView<float> between, int lane, int row)
    {
        const int column = GroupChannels;
        var from = between.SubView(row * MaxSize * GroupChannels + lane);
        return TTransform.Apply(new(
            from[0], from[column], from[2 * column], TTransform.From > 3 ? from[3 * column] : 0,
            TTransform.From > 4 ? from[4 * column] : 0, TTransform.From > 5 ? from[5 * column] : 0,
            TTransform.From > 6 ? from[6 * column] : 0, TTransform.From > 7 ? from[7 * column] : 0));
    }

    private void StoreRow(int matrix, int row, int channel, Row8 values)
    {
        target.Store(matrix, row, 0, channel, values.V0);
        target.Store(matrix, row, 1, channel, values.V1);
        target.Store(matrix, row, 2, channel, values.V2);
        if (TTransform.To > 3) target.Store(matrix, row, 3, channel, values.V3);
        if (TTransform.To > 4) target.Store(matrix, row, 4, channel, values.V4);
        if (TTransform.To > 5) target.Store(matrix, row, 5, channel, values.V5);
        if (TTransform.To > 6) target.Store(matrix, row, 6, channel, values.V6);
        if (TTransform.To > 7) target.Store(matrix, row, 7, channel, values.V7);
    }
}
