using ILGPU;

namespace PyNetSharp;

/// <summary>A matrix whose stored rows are the lines of a product.</summary>
/// <param name="data">[lines, depth]</param>
internal readonly struct MatrixRows<TWidth>(ArrayView<float> data, int lines, int depth) : IOperand<MatrixPlace>
    where TWidth : struct, IWidth
{
    public static bool AlongLine => true;

    public MatrixPlace At(int line, int k) => new(line * depth + k, line < lines ? k : depth, line);

    public MatrixPlace Next(MatrixPlace place, int further) =>
        new(place.Offset + further, place.Depth + further, place.Line);

    public long Address => GpuAddress.Of(data);

    public Float4 Read(MatrixPlace place) => Float4.Load<TWidth>(data, place.Offset, depth - place.Depth);

    public void Send(MatrixPlace place, AsyncCopy copy) => copy.Send<TWidth>(place.Offset, depth - place.Depth);
}

/// <summary>A matrix whose stored columns are the lines of a product.</summary>
/// <param name="data">[depth, lines]</param>
internal readonly struct MatrixColumns<TWidth>(ArrayView<float> data, int lines, int depth) : IOperand<MatrixPlace>
    where TWidth : struct, IWidth
{
    private const int Nowhere = int.MinValue;       // beyond every size, and so is what follows

    private readonly uint size = (uint)lines * (uint)depth;

    public static bool AlongLine => false;

    /// <remarks>
    /// A depth beyond the end shows in the offset, and so does a line beyond the last; for fours nothing else is
    /// needed. To keep what is not needed would take registers.
    /// </remarks>
    public MatrixPlace At(int line, int k) => new(line < lines ? k * lines + line : Nowhere, 0, line);

    public MatrixPlace Next(MatrixPlace place, int further) => new(place.Offset + further * lines, 0, place.Line);

    public long Address => GpuAddress.Of(data);

    public Float4 Read(MatrixPlace place) =>
        (uint)place.Offset < size ? Float4.Load<TWidth>(data, place.Offset, Count(place)) : default;

    public void Send(MatrixPlace place, AsyncCopy copy) =>
        copy.Send<TWidth>(place.Offset, (uint)place.Offset < size ? Count(place) : 0);

    private int Count(MatrixPlace place) => TWidth.Fours ? 4 : lines - place.Line;
}

/// <summary>A place in a matrix; along lines, its depth is beyond the end where there is no such line.</summary>
internal readonly struct MatrixPlace(int offset, int depth, int line)
{
    public readonly int Offset = offset, Depth = depth, Line = line;
}
