using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// Convolutions of stride 1 in the Winograd domain on a GPU: a tile of outputs takes fewer multiplications than a
/// direct sum.
/// </summary>
/// <remarks>
/// <para>
/// One launch transforms tiles of the input, the next multiplies them point by point with the transformed filters, a
/// third transforms the products back. Tiles are taken in blocks, which bounds the memory.
/// </para>
/// <para>
/// Always in float32: with operands rounded to tf32, the transforms would enlarge the error too much. 5×5 kernels are
/// as fast so as directly on tensor cores.
/// </para>
/// </remarks>
/// <param name="patches">Of the input, or of dy for the input gradient.</param>
/// <param name="outputs">Channels of the result.</param>
internal abstract class WinogradGpu(PatchGeometry patches, int outputs)
{
    /// <summary>What the estimated time of the direct product is multiplied with: an estimate may be wrong.</summary>
    private const double MinGain = 0.85;

    /// <summary>How many times faster a direct product is on tensor cores (measured: 2.7 to 3).</summary>
    private const double TensorCoreGain = 2.8;

    protected PatchGeometry Patches { get; } = patches;

    protected int Outputs { get; } = outputs;

    /// <summary>
    /// Floats of transformed tiles and products at a time (128 MB). Smaller blocks are slower although they would stay
    /// in the L2 cache: each launch ends with idle multiprocessors.
    /// </summary>
    public int BlockSize { get; init; } = 1 << 25;

    /// <summary>For a forward pass or an input gradient; null if the direct product is faster.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static WinogradGpu? ForConvolution(in PatchGeometry patches, int outputs, GpuDevice gpu)
    {
        if (Create(patches, outputs, gpu) is not { } winograd) return null;
        var direct = EstimateDirect(patches.Positions, outputs, patches.PatchLength, gpu);
        return winograd.EstimateConvolution(gpu) < MinGain * direct ? winograd : null;
    }

    /// <summary>For a weight gradient; null if the direct product is faster or more exact.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static WinogradGpu? ForWeightGradient(in PatchGeometry patches, int outputs, GpuDevice gpu)
    {
        // Padding by more than half the kernel is mostly zeros, which a direct sum adds without rounding.
        if (-Math.Min(patches.Origin.H, patches.Origin.W) > patches.R / 2
            || Create(patches, outputs, gpu) is not { } winograd
            || (patches.R == 5 && winograd.TileCount < Conv2dPlan.MinTilesForWeightGradient5x5))
            return null;
        var direct = EstimateDirect(outputs, patches.PatchLength, patches.Positions, gpu);
        return winograd.EstimateWeightGradient(gpu) < MinGain * direct ? winograd : null;
    }

    /// <summary>y = the convolution of x, + bias, then max(·, 0) if <paramref name="relu"/>.</summary>
    /// <param name="x">[N, H, W, C] in storage.</param>
    /// <param name="weight">
    /// [outputs, R, S, C] in storage; with <paramref name="isInputGradient"/> [C, R, S, outputs], the last tap first.
    /// </param>
    /// <param name="bias">[outputs], or null for none.</param>
    /// <param name="y">[N, P, Q, outputs] in storage.</param>
    public abstract void Convolve(
        Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y, bool isInputGradient = false);

    /// <summary>dw, and db = the sums of dy over the positions.</summary>
    public abstract void WeightGradient(Tensor dy, Tensor x, Tensor dw, Tensor db);

    protected abstract int TileCount { get; }

    protected abstract double EstimateConvolution(GpuDevice gpu);

    protected abstract double EstimateWeightGradient(GpuDevice gpu);

    private static double EstimateDirect(int m, int n, int k, GpuDevice gpu) =>
        GemmTiling.Choose(m, n, k, gpu.MultiprocessorCount).EstimateTime(m, n, gpu.MultiprocessorCount)
        / (gpu.Precision == Precision.Tf32 ? TensorCoreGain : 1);

    private static WinogradGpu? Create(in PatchGeometry patches, int outputs, GpuDevice gpu)
    {
        if (patches.Positions == 0 || patches.Stride != (1, 1) || patches.Dilation != (1, 1)
            || patches.IsOfGroup || !VectorAccess.Fits(patches.C, outputs))
            return null;
        switch (patches.R, patches.S)
        {
            case (3, 3):
                var four = new WinogradGpu<F4x3Gpu>(patches, outputs);
                var five = new WinogradGpu<F5x3Gpu>(patches, outputs);
                return five.EstimateConvolution(gpu) < four.EstimateConvolution(gpu) ? five : four;
            case (5, 5):
                return new WinogradGpu<F4x5Gpu>(patches, outputs);
            default:
                return null;
        }
    }
}

/// <inheritdoc/>
internal sealed class WinogradGpu<TWinograd>(PatchGeometry patches, int outputs) : WinogradGpu(patches, outputs)
    where TWinograd : struct, IWinogradGpu
{
    private const int MinBlockTiles = 64;

    /// <summary>Floats of transformed filters' gradients, which slices and blocks have each (512 MB).</summary>
    private const long MaxPartialSums = 1 << 27;

    private readonly int tilesDown = CeilDiv(patches.P, TWinograd.OutputTileSize);
    private readonly int tilesAcross = CeilDiv(patches.Q, TWinograd.OutputTileSize);

    protected override int TileCount => Patches.N * tilesDown * tilesAcross;

    /// <summary>Tiles of a block, of equal blocks.</summary>
    private int BlockTiles
    {
        get
        {
            var most = Math.Max(MinBlockTiles, BlockSize / (Points * (Channels + Outputs)));
            return CeilDiv(TileCount, CeilDiv(TileCount, most));
        }
    }

    private static int Size => TWinograd.InputTileSize;

    private static int Points => Size * Size;

    private int Channels => Patches.C;

    private ImageTiling InputTiles => new(
        Patches.H, Patches.W, Channels, Patches.Origin, TWinograd.OutputTileSize, tilesDown, tilesAcross);

    private ImageTiling OutputTiles => new(
        Patches.P, Patches.Q, Outputs, (0, 0), TWinograd.OutputTileSize, tilesDown, tilesAcross);

    public override void Convolve(
        Tensor x, Tensor weight, Tensor? bias, bool relu, Tensor y, bool isInputGradient = false)
    {
        var gpu = y.Gpu;
        var blockTiles = BlockTiles;
        using var filters = new TemporaryTensor([Points, Outputs * Channels], gpu);
        using var tiles = new TemporaryTensor([Points, blockTiles * Channels], gpu);
        using var products = new TemporaryTensor([Points, blockTiles * Outputs], gpu);
        // Not transposed: the product of an input gradient reads its filters along the other axis.
        var (rows, columns) = isInputGradient ? (Channels, Outputs) : (Outputs, Channels);
        Transform<FilterRows<TWinograd>, Filters, PointMatrices>(
            gpu, rows, columns, new(weight.View, TWinograd.Taps, columns, isInputGradient ? 1 : 0),
            new(filters.Tensor.View, Size, rows, columns));
        for (var first = 0; first < TileCount; first += blockTiles)
        {
            var count = Math.Min(blockTiles, TileCount - first);
            TransformInput(gpu, x, first, count, tiles.Tensor);
            BatchedKMajorMatrix<VectorAccess> inputs = new(tiles.Tensor.View, count, Channels);
            var filterView = filters.Tensor.View;
            if (isInputGradient)
                Multiply<BatchedKMajorMatrix<VectorAccess>, BatchedMNMajorMatrix<VectorAccess>>(
                    gpu, Tiling(count, gpu), inputs, new(filterView, Outputs, Channels), products.Tensor.View,
                    (count, Outputs, Channels));
            else
                Multiply<BatchedKMajorMatrix<VectorAccess>, BatchedKMajorMatrix<VectorAccess>>(
                    gpu, Tiling(count, gpu), inputs, new(filterView, Outputs, Channels), products.Tensor.View,
                    (count, Outputs, Channels));
            Transform<OutputRows<TWinograd>, PointMatrices, TiledResults>(
                gpu, count, Outputs, new(products.Tensor.View, Size, count, Outputs),
                new(
                    y.View, OutputTiles, first, bias?.View ?? y.View.SubView(0, 0), relu ? 0 : float.NegativeInfinity));
        }
    }

    public override void WeightGradient(Tensor dy, Tensor x, Tensor dw, Tensor db)
    {
        var gpu = dw.Gpu;
        var blockTiles = BlockTiles;
        var tiling = GradientTiling(gpu);
        var blocks = CeilDiv(TileCount, blockTiles);
        var lastSlices = CeilDiv(TileCount - (blocks - 1) * blockTiles, tiling.SliceK);
        var (parts, filterSize) = ((blocks - 1) * tiling.Slices + lastSlices, Points * Outputs * Channels);
        using var sums = new TemporaryTensor([parts, filterSize], gpu);
        using var tiles = new TemporaryTensor([Points, blockTiles * Channels], gpu);
        using var gradients = new TemporaryTensor([Points, blockTiles * Outputs], gpu);
        for (var block = 0; block < blocks; block++)
        {
            var first = block * blockTiles;
            var count = Math.Min(blockTiles, TileCount - first);
            TransformInput(gpu, x, first, count, tiles.Tensor);
            Transform<OutputGradientRows<TWinograd>, TiledImages, PointMatrices>(
                gpu, count, Outputs, new(dy.View, OutputTiles, first),
                new(gradients.Tensor.View, Size, count, Outputs));
            var slices = block == blocks - 1 ? lastSlices : tiling.Slices;
            Multiply<BatchedMNMajorMatrix<VectorAccess>, BatchedMNMajorMatrix<VectorAccess>>(
                gpu, tiling with { Slices = slices },
                new(gradients.Tensor.View, Outputs, count), new(tiles.Tensor.View, Channels, count),
                sums.Tensor.View.SubView(block * tiling.Slices * filterSize, slices * filterSize),
                (Outputs, Channels, count));
        }

        Transform<FilterGradientRows<TWinograd>, PointMatrixSums, Filters>(
            gpu, Outputs, Channels, new(sums.Tensor.View, parts, Size, Outputs, Channels),
            new(dw.View, TWinograd.Taps, Channels));
        Reduction.SumMatrixRows(dy, dy.Shape.Size / Outputs, Outputs, db);
    }

    protected override double EstimateConvolution(GpuDevice gpu)
    {
        var multiprocessors = gpu.MultiprocessorCount;
        return Tiling(TileCount, gpu).EstimateTime(TileCount, Outputs, multiprocessors, Points)
            + GemmTiling.EstimateTransfer(
                Points * ((long)TileCount * (Channels + Outputs) + (long)Channels * Outputs), 3, multiprocessors);
    }

    protected override double EstimateWeightGradient(GpuDevice gpu)
    {
        var (blocks, multiprocessors) = (CeilDiv(TileCount, BlockTiles), gpu.MultiprocessorCount);
        return blocks * GradientTiling(gpu).EstimateTime(Outputs, Channels, multiprocessors, Points)
            + GemmTiling.EstimateTransfer(
                Points * ((long)TileCount * (Channels + Outputs) + (long)blocks * Channels * Outputs), 2 * blocks + 1,
                multiprocessors)
            + GemmTiling.EstimateSum((long)Patches.Positions * Outputs, multiprocessors);
    }

    private GemmTiling Tiling(int tiles, GpuDevice gpu) => GemmTiling.Choose(
        tiles, Outputs, Channels, gpu.MultiprocessorCount, maxSlices: 1, batch: Points);

    private GemmTiling GradientTiling(GpuDevice gpu)
    {
        var filters = (long)CeilDiv(TileCount, BlockTiles) * Points * Outputs * Channels;
        var maxSlices = (int)Math.Max(1, MaxPartialSums / filters);
        return GemmTiling.Choose(
            Outputs, Channels, BlockTiles, gpu.MultiprocessorCount, maxSlices, batch: Points);
    }

    private static void Multiply<TA, TB>(
        GpuDevice gpu, GemmTiling tiling, TA a, TB b, ArrayView<float> products, (int M, int N, int K) problem)
        where TA : struct, IGemmOperand<MatrixCursor>
        where TB : struct, IGemmOperand<MatrixCursor> =>
        GemmGpu.Launch<TA, MatrixCursor, TB, MatrixCursor, BatchedEpilogue<VectorAccess>>(
            gpu, tiling, a, b, new(products, problem.M, problem.N), problem, Points, Precision.Float32);

    private void TransformInput(GpuDevice gpu, Tensor x, int first, int count, Tensor tiles) =>
        Transform<InputRows<TWinograd>, TiledImages, PointMatrices>(
            gpu, count, Channels, new(x.View, InputTiles, first), new(tiles.View, Size, count, Channels));

    private static void Transform<TTransform, TSource, TTarget>(
        GpuDevice gpu, int matrices, int channels, TSource source, TTarget target)
        where TTransform : struct, IRowTransform
        where TSource : struct, ITileSource
        where TTarget : struct, ITileTarget =>
        gpu.LaunchGroups(
            new(matrices, CeilDiv(channels, WinogradTransform.GroupChannels), 1),
            new WinogradTransformKernel<TTransform, TSource, TTarget>(source, target, channels));

    private static int CeilDiv(int a, int b) => (a + b - 1) / b;
}
