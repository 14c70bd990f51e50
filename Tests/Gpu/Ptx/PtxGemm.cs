using ILGPU;

namespace PyNetSharp.Tests;

/// <summary>A product of one of the kinds that training needs, with operands of small integers.</summary>
/// <param name="A">[M, K]</param>
/// <param name="B">Transposed: [N, K].</param>
/// <param name="Launch">Computes the product plus the bias of each column, in float32, into [slices, M, N].</param>
internal sealed record PtxGemm(
    IntegerMatrix A, IntegerMatrix B, Action<GpuDevice, GemmTiling, Tensor, Tensor> Launch)
{
    private const int Images = 2, Height = 9, Width = 8, Kernel = 3;

    public static readonly string[] Kinds =
    [
        "a·b", "a·bᵀ", "linear weight gradient",
        "convolution", "convolution input gradient", "convolution weight gradient",
    ];

    public int M => A.Rows;

    public int N => B.Rows;

    public int K => A.Columns;

    private static SubconvolutionAxis Taps => SubconvolutionAxis.For(0, Kernel, stride: 1, padding: 1);

    /// <remarks>
    /// No extent is a multiple of a tile's; with <see cref="ScalarAccess"/> none is a multiple of 4 either.
    /// </remarks>
    public static PtxGemm Of<TWidth>(string kind) where TWidth : struct, IAccessWidth
    {
        var extra = TWidth.IsVector4 ? 0 : 3;
        int m = 132 + extra, n = 140 + extra, k = 72 + extra;
        var (a, b) = (new IntegerMatrix(m, k), new IntegerMatrix(n, k));
        return kind switch
        {
            "a·b" => New<TWidth, KMajorMatrix<TWidth>, MatrixPosition, MNMajorMatrix<TWidth>, MatrixPosition>(
                a, b, (a, b.Transposed), (a, b) => (new(a, m, k), new(b, n, k))),
            "a·bᵀ" => New<TWidth, KMajorMatrix<TWidth>, MatrixPosition, KMajorMatrix<TWidth>, MatrixPosition>(
                a, b, (a, b), (a, b) => (new(a, m, k), new(b, n, k))),
            "linear weight gradient" => New<
                TWidth, MNMajorMatrix<TWidth>, MatrixPosition,
                OperandWithOnes<MNMajorMatrix<TWidth>, MatrixPosition>, OnesPosition<MatrixPosition>>(
                a, b.WithOnesRow, (a.Transposed, b.Transposed), (a, b) => (new(a, m, k), new(new(b, n, k), n))),
            _ => Convolution<TWidth>(kind),
        };
    }

    /// <summary>Σ a[row, k]·b[column, k] for k from <paramref name="first"/> to <paramref name="end"/>.</summary>
    public double ReferenceSum(int row, int column, int first, int end)
    {
        var sum = 0d;
        for (var k = first; k < end; k++) sum += (double)A[row, k] * B[column, k];
        return sum;
    }

    private static PtxGemm Convolution<TWidth>(string kind) where TWidth : struct, IAccessWidth
    {
        var (channels, outputs) = TWidth.IsVector4 ? (8, 76) : (7, 79);
        const int positions = Images * Height * Width;
        var (pixels, dy) = (new IntegerMatrix(positions, channels), new IntegerMatrix(positions, outputs));
        var weight = new IntegerMatrix(outputs, Kernel * Kernel * channels);
        return kind switch
        {
            "convolution" => New<
                TWidth, Im2ColOperand<TWidth>, Im2ColPosition, KMajorMatrix<TWidth>, MatrixPosition>(
                Im2Col(pixels), weight, (pixels, weight),
                (x, w) => (new(ConvGeometry(x, channels)), new(w, outputs, weight.Columns))),
            "convolution input gradient" => New<
                TWidth, Im2ColOperand<TWidth>, Im2ColPosition, FlippedWeightOperand<TWidth>, FlippedWeightPosition>(
                Im2Col(dy), FlippedWeights(weight, channels), (dy, weight),
                (dy, w) => (
                    new(ConvGeometry(dy, outputs)), new(w, outputs, channels, (Kernel, Kernel), Taps, Taps))),
            "convolution weight gradient" => New<
                TWidth, MNMajorMatrix<TWidth>, MatrixPosition,
                OperandWithOnes<TransposedIm2ColOperand<TWidth>, TransposedIm2ColPosition>,
                OnesPosition<TransposedIm2ColPosition>>(
                dy.Transposed, Im2Col(pixels).Transposed.WithOnesRow, (dy, pixels),
                (y, x) => (
                    new(y, outputs, dy.Rows), new(new(ConvGeometry(x, channels)), weight.Columns))),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    /// <param name="stored">The operands as they are in memory.</param>
    private static PtxGemm New<TWidth, TA, TAPosition, TB, TBPosition>(
        IntegerMatrix a, IntegerMatrix b, (IntegerMatrix A, IntegerMatrix B) stored,
        Func<ArrayView<float>, ArrayView<float>, (TA A, TB B)> operands)
        where TWidth : struct, IAccessWidth
        where TA : struct, IGemmOperand<TAPosition>
        where TAPosition : struct
        where TB : struct, IGemmOperand<TBPosition>
        where TBPosition : struct => new(a, b, (device, tiling, sums, bias) =>
    {
        var (tensorA, tensorB) = (stored.A.ToTensor(device), stored.B.ToTensor(device));
        var (operandA, operandB) = operands(tensorA.View, tensorB.View);
        var y = sums.View.SubView(0, tiling.Slices * a.Rows * b.Rows);
        GemmGpu.Launch<TA, TAPosition, TB, TBPosition, BiasReluEpilogue<TWidth>>(
            device, tiling, operandA, operandB,
            new(y, a.Rows, b.Rows, bias.View, min: float.NegativeInfinity), (a.Rows, b.Rows, a.Columns));
        GC.KeepAlive((tensorA, tensorB));
    });

    private static Im2ColGeometry ConvGeometry(ArrayView<float> pixels, int channels) => new(
        pixels, new(Images, Height, Width, channels, Height, Width, Kernel, Kernel, Stride: (1, 1), Origin: (-1, -1)));

    /// <summary>[N·P·Q, R·S·C], the kernel centered at each pixel.</summary>
    private static IntegerMatrix Im2Col(IntegerMatrix pixels)
    {
        return new(pixels.Rows, Kernel * Kernel * pixels.Columns, Element);

        float Element(int position, int k)
        {
            var (tap, channel) = (k / pixels.Columns, k % pixels.Columns);
            int h = position / Width % Height + tap / Kernel - 1, w = position % Width + tap % Kernel - 1;
            var image = position / Width / Height;
            var isInside = (uint)h < Height && (uint)w < Width;
            return isInside ? pixels[(image * Height + h) * Width + w, channel] : 0;
        }
    }

    /// <summary>[C, R·S·K], the last tap first.</summary>
    private static IntegerMatrix FlippedWeights(IntegerMatrix weight, int channels) => new(
        channels, Kernel * Kernel * weight.Rows,
        (channel, k) => weight[k % weight.Rows, (Kernel * Kernel - 1 - k / weight.Rows) * channels + channel]);
}
