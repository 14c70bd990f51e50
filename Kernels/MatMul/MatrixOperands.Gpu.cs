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
    public static bool AlongLine => false;

    public MatrixPlace At(int line, int k) => new(k * lines + line, line < lines ? k : depth, line);

    public MatrixPlace Next(MatrixPlace place, int further) =>
        new(place.Offset + further * lines, place.Depth + further, place.Line);

    public long Address => GpuAddress.Of(data);

    public Float4 Read(MatrixPlace place) =>
        place.Depth < depth ? Float4.Load<TWidth>(data, place.Offset, lines - place.Line) : default;

    public void Send(MatrixPlace place, AsyncCopy copy) =>
        copy.Send<TWidth>(place.Offset, place.Depth < depth ? lines - place.Line : 0);
}

/// <summary>A place in a matrix; its depth is beyond the end where there is no such line.</summary>
internal readonly struct MatrixPlace(int offset, int depth, int line)
{
    public readonly int Offset = offset, Depth = depth, Line = line;
}
