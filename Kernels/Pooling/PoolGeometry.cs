namespace PyNetSharp.Kernels;

/// <summary>Where the elements of images [n, c, h, w] and of their pooled ones [n, c, h', w'] are stored, channels last.</summary>
internal readonly struct PoolGeometry(Shape shape, PoolAxis rows, PoolAxis columns)
{
    public PoolAxisFormula Rows { get; } = rows.Formula;

    public PoolAxisFormula Columns { get; } = columns.Formula;

    public int Channels { get; } = shape[1];

    public int Height { get; } = shape[2];

    public int Width { get; } = shape[3];

    /// <summary>Where an image's pixel begins.</summary>
    public int InputOffset(int image, int row, int column) => ((image * Height + row) * Width + column) * Channels;

    /// <summary>Where a pooled image's pixel begins.</summary>
    public int OutputOffset(int image, int row, int column) => ((image * Rows.Outputs + row) * Columns.Outputs + column) * Channels;
}
