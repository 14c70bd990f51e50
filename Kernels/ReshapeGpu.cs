using ILGPU;

namespace PyNetSharp;

internal sealed partial class Reshape
{
    static partial void TransposeOnGpu(Tensor from, int batch, int rows, int columns, Tensor to)
    {
        int down = (rows + TransposeKernel.Tile - 1) / TransposeKernel.Tile, across = (columns + TransposeKernel.Tile - 1) / TransposeKernel.Tile;
        to.Gpu.Groups(new(batch * down * across, 1, 1), new TransposeKernel(from.View, rows, columns, down, across, to.View));
    }
}

/// <summary>[batch, rows, columns] → [batch, columns, rows], in tiles through shared memory, so that both sides go along storage.</summary>
internal readonly struct TransposeKernel(ArrayView<float> from, int rows, int columns, int down, int across, ArrayView<float> to) : IGroupKernel
{
    public const int Tile = 32;

    private const int Pitch = Tile + 1;     // a column of the tile lies in 32 banks of the shared memory

    public static int Threads => 256;

    public void Run()
    {
        var tile = SharedMemory.Allocate<float>(Tile * Pitch);
        int group = Grid.IdxX, batch = group / (down * across);
        int row = group / across % down * Tile, column = group % across * Tile;
        int x = Group.IdxX % Tile, y = Group.IdxX / Tile;
        var image = batch * rows * columns;

        for (var i = y; i < Tile; i += 8)
            if (row + i < rows && column + x < columns)
                tile[i * Pitch + x] = from[image + (row + i) * columns + column + x];
        Group.Barrier();
        for (var i = y; i < Tile; i += 8)
            if (column + i < columns && row + x < rows)
                to[image + (column + i) * rows + row + x] = tile[x * Pitch + i];
    }
}
