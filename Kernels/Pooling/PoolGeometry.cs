namespace PyNetSharp.Kernels;

/// <summary>
/// The windows of a pooling op from [N, C, H, W] to [N, C, P, Q], and where elements are stored, channels last.
/// </summary>
internal readonly struct PoolGeometry(Shape x, PoolAxis rows, PoolAxis columns)
{
    /// <summary>P windows over the rows.</summary>
    public PoolAxis Rows { get; } = rows;

    /// <summary>Q windows over the columns.</summary>
    public PoolAxis Columns { get; } = columns;

    public int Images { get; } = x[0];

    public int Channels { get; } = x[1];

    public int Height { get; } = x[2];

    public int Width { get; } = x[3];

    /// <summary>[N, C, H, W]</summary>
    public Shape InputShape => [Images, Channels, Height, Width];

    /// <summary>[N, C, P, Q]</summary>
    public Shape OutputShape => [Images, Channels, Rows.Outputs, Columns.Outputs];

    /// <summary>Whether the index of an input within its window fits into a byte.</summary>
    public bool IndexFitsInByte => (long)Rows.MaxWindowLength * Columns.MaxWindowLength <= 256;

    /// <summary>The offset of an input pixel.</summary>
    public int InputOffset(int image, int row, int column) => ((image * Height + row) * Width + column) * Channels;

    /// <summary>The offset of an output pixel.</summary>
    public int OutputOffset(int image, int row, int column) =>
        ((image * Rows.Outputs + row) * Columns.Outputs + column) * Channels;
}
