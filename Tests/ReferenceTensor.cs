namespace PyNetSharp.Tests;

/// <summary>An array of doubles in logical row-major order, for simple reference implementations.</summary>
public sealed class ReferenceTensor
{
    private readonly double[] values;

    public ReferenceTensor(Shape shape, double[] values) => (Shape, this.values) = (shape, values);

    public Shape Shape { get; }

    public ReadOnlySpan<double> Values => values;

    public double this[params ReadOnlySpan<int> index] => values[Offset(Shape, index)];

    public static ReferenceTensor Of(Tensor x) => new(x.Shape, [.. x.ToArray().Select(v => (double)v)]);

    /// <summary>The array whose element at each index is <paramref name="f"/> of the index.</summary>
    public static ReferenceTensor Of(Shape shape, Func<int[], double> f)
    {
        var values = new double[shape.Size];
        var index = new int[shape.Rank];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = f(index);
            for (var axis = shape.Rank - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) index[axis] = 0;
        }

        return new(shape, values);
    }

    public ReferenceTensor Map(Func<double, double> f) => new(Shape, [.. values.Select(f)]);

    /// <summary>f of both, with NumPy's broadcasting.</summary>
    public ReferenceTensor Broadcast(ReferenceTensor other, Func<double, double, double> f)
    {
        var rank = Math.Max(Shape.Rank, other.Shape.Rank);
        Shape shape = [.. Enumerable.Range(0, rank).Select(
            axis => Extent(Shape, axis) is var n and not 1 ? n : Extent(other.Shape, axis))];
        return Of(shape, index => f(At(this, index), At(other, index)));

        int Extent(Shape s, int axis) => axis < rank - s.Rank ? 1 : s[axis - (rank - s.Rank)];

        static double At(ReferenceTensor x, int[] index) =>
            x[[.. index[^x.Shape.Rank..].Select((i, axis) => x.Shape[axis] == 1 ? 0 : i)]];
    }

    /// <summary>Sums along axes, which are kept with extent 1.</summary>
    public ReferenceTensor Sum(params int[] axes)
    {
        Shape shape = [.. Shape.Select((extent, axis) => axes.Contains(axis) ? 1 : extent)];
        var sums = new double[shape.Size];
        _ = Of(
            Shape,
            index => sums[Offset(shape, [.. index.Select((i, axis) => axes.Contains(axis) ? 0 : i)])] += this[index]);
        return new(shape, sums);
    }

    public ReferenceTensor Reshape(Shape shape) => new(shape, values);

    private static int Offset(Shape shape, ReadOnlySpan<int> index)
    {
        var offset = 0;
        for (var axis = 0; axis < shape.Rank; axis++) offset = offset * shape[axis] + index[axis];
        return offset;
    }
}
