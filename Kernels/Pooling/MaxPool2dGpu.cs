using System.Runtime.CompilerServices;
using ILGPU;

namespace PyNetSharp;

internal sealed partial class MaxPool
{
    private PoolGrid Grid => new(shape, rows, columns);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FindMaximaOnGpu(Tensor x, Tensor y)
    {
        if (places is null)
            y.Gpu.Each(y.Shape.Size, new MaximaKernel<NoPlaces>(x.View, Grid, y.View, y.View.Cast<byte>()));
        else if (PlacesAreBytes)
            y.Gpu.Each(y.Shape.Size, new MaximaKernel<BytePlaces>(x.View, Grid, y.View, places.View.Cast<byte>()));
        else
            y.Gpu.Each(y.Shape.Size, new MaximaKernel<WidePlaces>(x.View, Grid, y.View, places.View.Cast<byte>()));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GatherOnGpu(Tensor dy, Tensor dx)
    {
        var winners = places!.View.Cast<byte>();
        if (PlacesAreBytes) dx.Gpu.Each(dx.Shape.Size, new MaximaGradientKernel<BytePlaces>(dy.View, Grid, winners, dx.View));
        else dx.Gpu.Each(dx.Shape.Size, new MaximaGradientKernel<WidePlaces>(dy.View, Grid, winners, dx.View));
    }
}

/// <summary>How the winners' numbers in their windows are kept.</summary>
internal interface IPlaces
{
    static abstract void Put(ArrayView<byte> places, int i, int place);

    static abstract int At(ArrayView<byte> places, int i);
}

/// <summary>Not at all: nobody wants a gradient.</summary>
internal readonly struct NoPlaces : IPlaces
{
    public static void Put(ArrayView<byte> places, int i, int place)
    {
    }

    public static int At(ArrayView<byte> places, int i) => 0;
}

internal readonly struct BytePlaces : IPlaces
{
    public static void Put(ArrayView<byte> places, int i, int place) => places[i] = (byte)place;

    public static int At(ArrayView<byte> places, int i) => places[i];
}

/// <summary>In ints, for windows of more than 256 inputs.</summary>
internal readonly struct WidePlaces : IPlaces
{
    public static void Put(ArrayView<byte> places, int i, int place) => places.Cast<int>()[i] = place;

    public static int At(ArrayView<byte> places, int i) => places.Cast<int>()[i];
}

/// <summary>Each maximum and its place by one thread.</summary>
internal readonly struct MaximaKernel<TPlaces>(ArrayView<float> x, PoolGrid grid, ArrayView<float> y, ArrayView<byte> places) : IItemKernel
    where TPlaces : struct, IPlaces
{
    public void Run(int i)
    {
        int pixel = i / grid.Channels, c = i - pixel * grid.Channels;
        int line = pixel / grid.Columns.Outputs, column = pixel - line * grid.Columns.Outputs;
        int image = line / grid.Rows.Outputs, row = line - image * grid.Rows.Outputs;

        int top = grid.Rows.From(row), bottom = grid.Rows.End(row);
        int left = grid.Columns.From(column), right = grid.Columns.End(column);
        var best = x[grid.Input(image, top, left) + c];
        int place = 0, number = 0;
        for (var h = top; h < bottom; h++)
            for (var w = left; w < right; w++, number++)
            {
                var value = x[grid.Input(image, h, w) + c];
                if (value > best || float.IsNaN(value))
                {
                    best = value;
                    place = number;
                }
            }

        y[i] = best;
        TPlaces.Put(places, i, place);
    }
}

/// <summary>Each input collects from the maxima that it won, in a fixed order.</summary>
internal readonly struct MaximaGradientKernel<TPlaces>(ArrayView<float> dy, PoolGrid grid, ArrayView<byte> places, ArrayView<float> dx) : IItemKernel
    where TPlaces : struct, IPlaces
{
    public void Run(int i)
    {
        int pixel = i / grid.Channels, c = i - pixel * grid.Channels;
        int line = pixel / grid.Width, w = pixel - line * grid.Width;
        int image = line / grid.Height, h = line - image * grid.Height;

        int endRow = grid.Rows.EndCovering(h), endColumn = grid.Columns.EndCovering(w), firstColumn = grid.Columns.FirstCovering(w);
        var sum = 0f;
        for (var row = grid.Rows.FirstCovering(h); row < endRow; row++)
            for (var column = firstColumn; column < endColumn; column++)
            {
                int left = grid.Columns.From(column), across = grid.Columns.End(column) - left;
                var output = grid.Output(image, row, column) + c;
                if (TPlaces.At(places, output) == (h - grid.Rows.From(row)) * across + w - left) sum += dy[output];
            }

        dx[i] = sum;
    }
}
