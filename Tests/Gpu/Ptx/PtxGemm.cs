using ILGPU;

namespace PyNetSharp.Tests;

/// <summary>A product of one of the kinds that training needs, and what it comes to by definition.</summary>
/// <param name="Left">[rows, depth]</param>
/// <param name="Right">[columns, depth]</param>
/// <param name="Launch">Adds each column's bias, in float32.</param>
internal sealed record PtxGemm(IntegerMatrix Left, IntegerMatrix Right, Action<GpuDevice, GemmTiling, Tensor, Tensor> Launch)
{
    private const int Images = 2, Height = 9, Width = 8, Kernel = 3;

    public static readonly string[] Kinds =
        ["a·b", "a·bᵀ", "linear by weight", "convolution", "convolution by input", "convolution by weight"];

    public int Rows => Left.Rows;

    public int Columns => Right.Rows;

    public int Depth => Left.Columns;

    /// <remarks>No extent is a multiple of a tile's; without fours none is one of 4 either.</remarks>
    public static PtxGemm Of<TWidth>(string kind) where TWidth : struct, IAccessWidth
    {
        var rest = TWidth.IsVector4 ? 0 : 3;
        int m = 132 + rest, n = 140 + rest, k = 72 + rest, channels = TWidth.IsVector4 ? 8 : 7, outputs = 76 + rest;
        var (a, b) = (new IntegerMatrix(m, k), new IntegerMatrix(n, k));
        const int positions = Images * Height * Width;
        var (pixels, dy) = (new IntegerMatrix(positions, channels), new IntegerMatrix(positions, outputs));
        var weight = new IntegerMatrix(outputs, Kernel * Kernel * channels);
        return kind switch
        {
            "a·b" => New<TWidth, KMajorMatrix<TWidth>, MatrixPosition, MNMajorMatrix<TWidth>, MatrixPosition>(
                a, b, (a, b.Transposed), (a, b) => (new(a, m, k), new(b, n, k))),
            "a·bᵀ" => New<TWidth, KMajorMatrix<TWidth>, MatrixPosition, KMajorMatrix<TWidth>, MatrixPosition>(
                a, b, (a, b), (a, b) => (new(a, m, k), new(b, n, k))),
            "linear by weight" =>
                New<TWidth, MNMajorMatrix<TWidth>, MatrixPosition, OperandWithOnes<MNMajorMatrix<TWidth>, MatrixPosition>, OnesPosition<MatrixPosition>>(
                    a, b.WithOnesRow, (a.Transposed, b.Transposed), (a, b) => (new(a, m, k), new(new(b, n, k), n))),
            "convolution" => New<TWidth, Im2ColOperand<TWidth>, Im2ColPosition, KMajorMatrix<TWidth>, MatrixPosition>(
                Im2Col(pixels), weight, (pixels, weight), (x, w) => (new(ConvGeometry(x, channels)), new(w, outputs, weight.Columns))),
            "convolution by input" => New<TWidth, Im2ColOperand<TWidth>, Im2ColPosition, FlippedWeightOperand<TWidth>, FlippedWeightPosition>(
                Im2Col(dy), FlippedWeights(weight, channels), (dy, weight),
                (dy, w) => (new(ConvGeometry(dy, outputs)), new(w, outputs, channels, (Kernel, Kernel), Taps, Taps))),
            "convolution by weight" =>
                New<
                    TWidth, MNMajorMatrix<TWidth>, MatrixPosition,
                    OperandWithOnes<TransposedIm2ColOperand<TWidth>, TransposedIm2ColPosition>, OnesPosition<TransposedIm2ColPosition>>(
                    dy.Transposed, Im2Col(pixels).Transposed.WithOnesRow, (dy, pixels),
                    (y, x) => (new(y, outputs, dy.Rows), new(new(ConvGeometry(x, channels)), weight.Columns))),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    /// <summary>Σ left[row, p]·right[column, p] for some of the depth.</summary>
    public double ReferenceSum(int row, int column, int first, int end)
    {
        var sum = 0d;
        for (var p = first; p < end; p++) sum += (double)Left[row, p] * Right[column, p];
        return sum;
    }

    private static SubconvolutionAxis Taps => SubconvolutionAxis.For(0, Kernel, stride: 1, padding: 1);

    /// <param name="stored">The factors as they lie in memory.</param>
    private static PtxGemm New<TWidth, TLeft, TLeftPlace, TRight, TRightPlace>(
        IntegerMatrix left, IntegerMatrix right, (IntegerMatrix Left, IntegerMatrix Right) stored,
        Func<ArrayView<float>, ArrayView<float>, (TLeft Left, TRight Right)> operands)
        where TWidth : struct, IAccessWidth
        where TLeft : struct, IGemmOperand<TLeftPlace>
        where TLeftPlace : struct
        where TRight : struct, IGemmOperand<TRightPlace>
        where TRightPlace : struct => new(left, right, (device, tiling, sums, bias) =>
    {
        var (a, b) = (stored.Left.ToTensor(device), stored.Right.ToTensor(device));
        var factors = operands(a.View, b.View);
        GemmGpu.Launch<TLeft, TLeftPlace, TRight, TRightPlace, BiasReluEpilogue<TWidth>>(
            device, tiling, factors.Left, factors.Right,
            new(
                sums.View.SubView(0, tiling.Slices * left.Rows * right.Rows), left.Rows, right.Rows, bias.View,
                min: float.NegativeInfinity),
            (left.Rows, right.Rows, left.Columns));
        GC.KeepAlive((a, b));
    });

    private static Im2ColGeometry ConvGeometry(ArrayView<float> pixels, int channels) => new(
        pixels, (Images, Height, Width, channels), (Height, Width), (Kernel, Kernel), stride: (1, 1), origin: (-1, -1));

    /// <summary>[windows, kernelH · kernelW · channels], of windows around each pixel.</summary>
    private static IntegerMatrix Im2Col(IntegerMatrix pixels) => new(pixels.Rows, Kernel * Kernel * pixels.Columns, (position, p) =>
    {
        var (tap, channel) = (p / pixels.Columns, p % pixels.Columns);
        int y = position / Width % Height + tap / Kernel - 1, x = position % Width + tap % Kernel - 1;
        return (uint)y < Height && (uint)x < Width ? pixels[(position / Width / Height * Height + y) * Width + x, channel] : 0;
    });

    /// <summary>[channels, kernelH · kernelW · outputs], the last tap first.</summary>
    private static IntegerMatrix FlippedWeights(IntegerMatrix weight, int channels) => new(
        channels, Kernel * Kernel * weight.Rows,
        (channel, p) => weight[p % weight.Rows, (Kernel * Kernel - 1 - p / weight.Rows) * channels + channel]);
}
