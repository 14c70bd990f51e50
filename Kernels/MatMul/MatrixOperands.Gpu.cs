using ILGPU;

namespace PyNetSharp;

/// <summary>A matrix whose stored rows are the lines of a product.</summary>
/// <param name="data">[lines, depth]</param>
internal readonly struct MatrixRows(ArrayView<float> data, int lines, int depth) : IOperand<MatrixPlace>
{
    public static bool AlongLine => true;

    public MatrixPlace At(int line, int k) => new(line * depth + k, line < lines ? k : depth, line);

    public MatrixPlace Next(MatrixPlace place) =>
        new(place.Offset + ProductTile.Depth, place.Depth + ProductTile.Depth, place.Line);

    public Float4 Read(MatrixPlace place)
    {
        if (depth % 4 == 0) return place.Depth < depth ? Float4.Load(data, place.Offset) : default;
        return new(Single(place, 0), Single(place, 1), Single(place, 2), Single(place, 3));
    }

    private float Single(MatrixPlace place, int i) => place.Depth + i < depth ? data[place.Offset + i] : 0;
}

/// <summary>A matrix whose stored columns are the lines of a product.</summary>
/// <param name="data">[depth, lines]</param>
internal readonly struct MatrixColumns(ArrayView<float> data, int lines, int depth) : IOperand<MatrixPlace>
{
    public static bool AlongLine => false;

    public MatrixPlace At(int line, int k) => new(k * lines + line, line < lines ? k : depth, line);

    public MatrixPlace Next(MatrixPlace place) =>
        new(place.Offset + ProductTile.Depth * lines, place.Depth + ProductTile.Depth, place.Line);

    public Float4 Read(MatrixPlace place)
    {
        if (place.Depth >= depth) return default;
        if (lines % 4 == 0) return Float4.Load(data, place.Offset);
        return new(Single(place, 0), Single(place, 1), Single(place, 2), Single(place, 3));
    }

    private float Single(MatrixPlace place, int i) => place.Line + i < lines ? data[place.Offset + i] : 0;
}

/// <summary>A place in a matrix; its depth is beyond the end where there is no such line.</summary>
internal readonly struct MatrixPlace(int offset, int depth, int line)
{
    public readonly int Offset = offset, Depth = depth, Line = line;
}
