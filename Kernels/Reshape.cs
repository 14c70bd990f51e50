using System.Globalization;
using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The same numbers in another shape.</summary>
public static class ReshapeExtensions
{
    extension(Tensor x)
    {
        /// <summary>The same numbers, in the same logical order, in another shape.</summary>
        /// <param name="extents">The new extents; one of them may be −1: it follows from the others.</param>
        /// <exception cref="ShapeException">The numbers of elements differ, or cannot be made equal.</exception>
        /// <remarks>Nothing is copied, unless an image (rank 4, stored channels last) changes its shape.</remarks>
        [OverloadResolutionPriority(1)]
        public Tensor Reshape(params ReadOnlySpan<int> extents) =>
            ReshapeOp.Apply(x, ResolveShape(x.Shape, extents));

        /// <summary>The same numbers, in the same logical order, in another shape.</summary>
        /// <exception cref="ShapeException">The numbers of elements differ.</exception>
        public Tensor Reshape(Shape shape)
        {
            ArgumentNullException.ThrowIfNull(shape);
            return x.Reshape(shape.AsSpan());
        }

        /// <summary>
        /// [n, …] → [n, everything else], in C, H, W order for images, so that weights exchange with PyTorch.
        /// </summary>
        /// <exception cref="ShapeException">A scalar has no first axis.</exception>
        public Tensor Flatten() => x.Rank > 0
            ? ReshapeOp.Apply(x, [x.Shape[0], Shape.Create(x.Shape.AsSpan()[1..]).Size], "Flatten")
            : throw new ShapeException($"Flatten: {x.Shape} has no first axis.");
    }

    private static Shape ResolveShape(Shape from, ReadOnlySpan<int> extents)
    {
        var to = extents.ToArray();
        var inferred = Array.IndexOf(to, -1);
        if (inferred >= 0)
        {
            to[inferred] = 1;
            var rest = Array.Exists(to, extent => extent < 0) ? 0 : Shape.Create(to).Size;
            to[inferred] = rest != 0 && from.Size % rest == 0 ? from.Size / rest : -1;
        }

        var wanted = extents.ToArray().Select(extent => extent.ToString(CultureInfo.InvariantCulture));
        return Array.TrueForAll(to, extent => extent >= 0) && Shape.Create(to) is var shape && shape.Size == from.Size
            ? shape
            : throw new ShapeException(
                $"Reshape: {from} has {from.Size} elements, which do not fill [{string.Join(", ", wanted)}].");
    }
}

/// <param name="to">Has as many elements as the input.</param>
/// <param name="name">What the caller has called: Flatten, Squeeze, or an op that reshapes its result.</param>
internal sealed class ReshapeOp(Shape to, string name) : Op
{
    private Shape from = null!;

    public override string Name => name;

    public static Tensor Apply(Tensor x, Shape to, string name = "Reshape") => new ReshapeOp(to, name).Apply(x);

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        from = x[0].Shape;
        return to;
    }

    private protected override Tensor CreateOutput(ReadOnlySpan<Tensor> x, Shape shape) => MakeOutput(x[0], shape);

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => Reorder(x[0], y);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        name == "Flatten" ? graph.Add("Flatten", x) : graph.Reshape(x[0], to.AsSpan());

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = MakeOutput(dy, from);
        Reorder(dy, dx);
        return [dx];
    }

    /// <summary>
    /// A view of the same storage where both shapes store their elements in the same order; else new storage.
    /// </summary>
    private static Tensor MakeOutput(Tensor x, Shape to) =>
        to == x.Shape || (Layout.IsContiguous(to) && Layout.IsContiguous(x.Shape))
            ? new(to, x.Storage.Retain())
            : new(to, x.Device);

    private static void Reorder(Tensor from, Tensor to)
    {
        if (from.Storage == to.Storage) return;
        if (Layout.IsContiguous(from.Shape)) ToStorage(from, to);
        else if (Layout.IsContiguous(to.Shape)) ToLogical(from, to);
        else
        {
            using var logical = new TemporaryTensor([from.Shape.Size], from.Device);
            ToLogical(from, logical);
            ToStorage(logical, to);
        }
    }

    private static void ToLogical(Tensor image, Tensor plain)
    {
        var (n, c, h, w) = image.Shape;
        if (image.IsOnCpu) image.Cpu.For(n, new TransposeBody(image, h * w, c, plain));
        else TransposeOnGpu(image, n, h * w, c, plain);
    }

    private static void ToStorage(Tensor plain, Tensor image)
    {
        var (n, c, h, w) = image.Shape;
        if (image.IsOnCpu) image.Cpu.For(n, new TransposeBody(plain, c, h * w, image));
        else TransposeOnGpu(plain, n, c, h * w, image);
    }

    /// <summary>[batch, rows, columns] → [batch, columns, rows]</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TransposeOnGpu(Tensor from, int batch, int rows, int columns, Tensor to)
    {
        const int tile = TransposeKernel.Tile;
        int rowTiles = (rows + tile - 1) / tile, columnTiles = (columns + tile - 1) / tile;
        to.Gpu.LaunchGroups(
            new(batch * rowTiles * columnTiles, 1, 1),
            new TransposeKernel(from.View, rows, columns, rowTiles, columnTiles, to.View));
    }

    /// <summary>[batch, rows, columns] → [batch, columns, rows], a matrix at a time.</summary>
    private readonly struct TransposeBody(Tensor from, int rows, int columns, Tensor to) : ILoopBody
    {
        public void Run(int i)
        {
            var size = rows * columns;
            Layout.Transpose(1, rows, columns, from.Span.Slice(i * size, size), to.Span.Slice(i * size, size));
        }
    }
}

/// <summary>
/// [batch, rows, columns] → [batch, columns, rows], in tiles through shared memory, so that reads and writes
/// are both coalesced.
/// </summary>
internal readonly struct TransposeKernel(
    ArrayView<float> from, int rows, int columns, int rowTiles, int columnTiles, ArrayView<float> to) : IGroupKernel
{
    public const int Tile = 32;

    private const int RowStride = Tile + 1;     // puts a column of the tile into 32 different banks of shared memory

    public static int Threads => 256;

    public void Run()
    {
        var tile = SharedMemory.Allocate<float>(Tile * RowStride);
        int group = Grid.IdxX, batch = group / (rowTiles * columnTiles);
        int row = group / columnTiles % rowTiles * Tile, column = group % columnTiles * Tile;
        int x = Group.IdxX % Tile, y = Group.IdxX / Tile;
        var image = batch * rows * columns;

        for (var i = y; i < Tile; i += 8)
            if (row + i < rows && column + x < columns)
                tile[i * RowStride + x] = from[image + (row + i) * columns + column + x];
        Group.Barrier();
        for (var i = y; i < Tile; i += 8)
            if (column + i < columns && row + x < rows)
                to[image + (column + i) * rows + row + x] = tile[x * RowStride + i];
    }
}
