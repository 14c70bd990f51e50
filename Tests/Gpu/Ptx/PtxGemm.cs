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

    private static SubconvolutionAxis Taps => SubconvolutionAxis.For(0, Kernel, stride: 1, padding: 1, dilation: 1);

    /// <remarks>
    /// No extent is a multiple of a tile's; with <see cref="ScalarAccess"/> none is a multiple of 4 either.
    /// </remarks>
    public static PtxGemm Of<TAccess>(string kind) where TAccess : struct, IGlobalAccess
    {
        var extra = TAccess.IsVector4 ? 0 : 3;
        int m = 132 + extra, n = 140 + extra, k = 72 + extra;
        var (a, b) = (new IntegerMatrix(m, k), new IntegerMatrix(n, k));
        return kind switch
        {
            "a·b" => New<TAccess, KMajorMatrix<TAccess>, MatrixCursor, MNMajorMatrix<TAccess>, MatrixCursor>(
                a, b, (a, b.Transposed), (a, b) => (new(a, m, k), new(b, n, k))),
            "a·bᵀ" => New<TAccess, KMajorMatrix<TAccess>, MatrixCursor, KMajorMatrix<TAccess>, MatrixCursor>(
                a, b, (a, b), (a, b) => (new(a, m, k), new(b, n, k))),
            "linear weight gradient" => New<
                TAccess, MNMajorMatrix<TAccess>, MatrixCursor,
                OperandWithOnes<MNMajorMatrix<TAccess>, MatrixCursor>, OnesCursor<MatrixCursor>>(
                a, b.WithOnesRow, (a.Transposed, b.Transposed), (a, b) => (new(a, m, k), new(new(b, n, k), n))),
            _ => Convolution<TAccess>(kind),
        };
    }

    /// <summary>Σ a[row, k]·b[column, k] for k from <paramref name="first"/> to <paramref name="end"/>.</summary>
    public double ReferenceSum(int row, int column, int first, int end)
    {
        var sum = 0d;
        for (var k = first; k < end; k++) sum += (double)A[row, k] * B[column, k];
        return sum;
    }

    private static PtxGemm Convolution<TAccess>(string kind) where TAccess : struct, IGlobalAccess
    {
        var (channels, outputs) = TAccess.IsVector4 ? (8, 76) : (7, 79);
        const int positions = Images * Height * Width;
        var (pixels, dy) = (new IntegerMatrix(positions, channels), new IntegerMatrix(positions, outputs));
        var weight = new IntegerMatrix(outputs, Kernel * Kernel * channels);
        return kind switch
        {
            "convolution" => New<
                TAccess, Im2ColOperand<TAccess>, Im2ColCursor, KMajorMatrix<TAccess>, MatrixCursor>(
                Im2Col(pixels), weight, (pixels, weight),
                (x, w) => (new(ConvGeometry(x, channels)), new(w, outputs, weight.Columns))),
            "convolution input gradient" => New<
                TAccess, Im2ColOperand<TAccess>, Im2ColCursor, FlippedWeightOperand<TAccess>, FlippedWeightCursor>(
                Im2Col(dy), FlippedWeights(weight, channels), (dy, weight),
                (dy, w) => (
                    new(ConvGeometry(dy, outputs)), new(w, outputs, channels, (Kernel, Kernel), Taps, Taps))),
            "convolution weight gradient" => New<
                TAccess, MNMajorMatrix<TAccess>, MatrixCursor,
                OperandWithOnes<TransposedIm2ColOperand<TAccess>, TransposedIm2ColCursor>,
                OnesCursor<TransposedIm2ColCursor>>(
                dy.Transposed, Im2Col(pixels).Transposed.WithOnesRow, (dy, pixels),
                (y, x) => (
                    new(y, outputs, dy.Rows), new(new(ConvGeometry(x, channels)), weight.Columns))),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    /// <param name="stored">The operands as they are in memory.</param>
    private static PtxGemm New<TAccess, TA, TACursor, TB, TBCursor>(
        IntegerMatrix a, IntegerMatrix b, (IntegerMatrix A, IntegerMatrix B) stored,
        Func<ArrayView<float>, ArrayView<float>, (TA A, TB B)> operands)
        where TAccess : struct, IGlobalAccess
        where TA : struct, IGemmOperand<TACursor>
        where TACursor : struct
        where TB : struct, IGemmOperand<TBCursor>
        where TBCursor : struct => new(a, b, (device, tiling, sums, bias) =>
    {
        var (tensorA, tensorB) = (stored.A.ToTensor(device), stored.B.ToTensor(device));
        var (operandA, operandB) = operands(tensorA.View, tensorB.View);
        var y = sums.View.SubView(0, tiling.Slices * a.Rows * b.Rows);
        GemmGpu.Launch<TA, TACursor, TB, TBCursor, BiasReluEpilogue<TAccess>>(
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
