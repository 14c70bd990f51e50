using ILGPU;

namespace PyNetSharp.Tests;

/// <summary>A product of one of the kinds that training needs, and what it comes to by definition.</summary>
/// <param name="Left">[rows, depth]</param>
/// <param name="Right">[columns, depth]</param>
/// <param name="Launch">Adds each column's bias, in float32.</param>
internal sealed record PtxProduct(WholeMatrix Left, WholeMatrix Right, Action<GpuDevice, Tiling, Tensor, Tensor> Launch)
{
    private const int Images = 2, Height = 9, Width = 8, Kernel = 3;

    public static readonly string[] Kinds =
        ["a·b", "a·bᵀ", "linear by weight", "convolution", "convolution by input", "convolution by weight"];

    public int Rows => Left.Rows;

    public int Columns => Right.Rows;

    public int Depth => Left.Columns;

    /// <remarks>No extent is a multiple of a tile's; without fours none is one of 4 either.</remarks>
    public static PtxProduct Of<TWidth>(string kind) where TWidth : struct, IWidth
    {
        var rest = TWidth.Fours ? 0 : 3;
        int m = 132 + rest, n = 140 + rest, k = 72 + rest, channels = TWidth.Fours ? 8 : 7, outputs = 76 + rest;
        var (a, b) = (new WholeMatrix(m, k), new WholeMatrix(n, k));
        const int positions = Images * Height * Width;
        var (pixels, dy) = (new WholeMatrix(positions, channels), new WholeMatrix(positions, outputs));
        var weight = new WholeMatrix(outputs, Kernel * Kernel * channels);
        return kind switch
        {
            "a·b" => New<TWidth, MatrixRows<TWidth>, MatrixPlace, MatrixColumns<TWidth>, MatrixPlace>(
                a, b, (a, b.Transposed), (a, b) => (new(a, m, k), new(b, n, k))),
            "a·bᵀ" => New<TWidth, MatrixRows<TWidth>, MatrixPlace, MatrixRows<TWidth>, MatrixPlace>(
                a, b, (a, b), (a, b) => (new(a, m, k), new(b, n, k))),
            "linear by weight" =>
                New<TWidth, MatrixColumns<TWidth>, MatrixPlace, WithOnes<MatrixColumns<TWidth>, MatrixPlace>, OnesPlace<MatrixPlace>>(
                    a, b.WithOnes, (a.Transposed, b.Transposed), (a, b) => (new(a, m, k), new(new(b, n, k), n))),
            "convolution" => New<TWidth, WindowRows<TWidth>, WindowRowPlace, MatrixRows<TWidth>, MatrixPlace>(
                Windows(pixels), weight, (pixels, weight), (x, w) => (new(Sliding(x, channels)), new(w, outputs, weight.Columns))),
            "convolution by input" => New<TWidth, WindowRows<TWidth>, WindowRowPlace, FlippedWeights<TWidth>, WeightPlace>(
                Windows(dy), Flipped(weight, channels), (dy, weight),
                (dy, w) => (new(Sliding(dy, outputs)), new(w, outputs, channels, (Kernel, Kernel), Taps, Taps))),
            "convolution by weight" =>
                New<
                    TWidth, MatrixColumns<TWidth>, MatrixPlace,
                    WithOnes<WindowColumns<TWidth>, WindowColumnPlace>, OnesPlace<WindowColumnPlace>>(
                    dy.Transposed, Windows(pixels).Transposed.WithOnes, (dy, pixels),
                    (y, x) => (new(y, outputs, dy.Rows), new(new(Sliding(x, channels)), weight.Columns))),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    /// <summary>Σ left[row, p]·right[column, p] for some of the depth.</summary>
    public double Sum(int row, int column, int first, int end)
    {
        var sum = 0d;
        for (var p = first; p < end; p++) sum += (double)Left[row, p] * Right[column, p];
        return sum;
    }

    private static Phase Taps => Phase.Of(0, Kernel, stride: 1, padding: 1);

    /// <param name="stored">The factors as they lie in memory.</param>
    private static PtxProduct New<TWidth, TLeft, TLeftPlace, TRight, TRightPlace>(
        WholeMatrix left, WholeMatrix right, (WholeMatrix Left, WholeMatrix Right) stored,
        Func<ArrayView<float>, ArrayView<float>, (TLeft Left, TRight Right)> operands)
        where TWidth : struct, IWidth
        where TLeft : struct, IOperand<TLeftPlace>
        where TLeftPlace : struct
        where TRight : struct, IOperand<TRightPlace>
        where TRightPlace : struct => new(left, right, (device, tiling, sums, bias) =>
    {
        var (a, b) = (stored.Left.On(device), stored.Right.On(device));
        var factors = operands(a.View, b.View);
        Products.Launch<TLeft, TLeftPlace, TRight, TRightPlace, RowTarget<TWidth>>(
            device, tiling, factors.Left, factors.Right,
            new(
                sums.View.SubView(0, tiling.Pieces * left.Rows * right.Rows), left.Rows, right.Rows, bias.View,
                floor: float.NegativeInfinity),
            (left.Rows, right.Rows, left.Columns));
        GC.KeepAlive((a, b));
    });

    private static WindowGeometry Sliding(ArrayView<float> pixels, int channels) => new(
        pixels, (Images, Height, Width, channels), (Height, Width), (Kernel, Kernel), step: (1, 1), origin: (-1, -1));

    /// <summary>[windows, kernelH · kernelW · channels], of windows around each pixel.</summary>
    private static WholeMatrix Windows(WholeMatrix pixels) => new(pixels.Rows, Kernel * Kernel * pixels.Columns, (position, p) =>
    {
        var (tap, channel) = (p / pixels.Columns, p % pixels.Columns);
        int y = position / Width % Height + tap / Kernel - 1, x = position % Width + tap % Kernel - 1;
        return (uint)y < Height && (uint)x < Width ? pixels[(position / Width / Height * Height + y) * Width + x, channel] : 0;
    });

    /// <summary>[channels, kernelH · kernelW · outputs], the last tap first.</summary>
    private static WholeMatrix Flipped(WholeMatrix weight, int channels) => new(
        channels, Kernel * Kernel * weight.Rows,
        (channel, p) => weight[p % weight.Rows, (Kernel * Kernel - 1 - p / weight.Rows) * channels + channel]);
}
