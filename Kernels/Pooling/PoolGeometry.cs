namespace PyNetSharp.Kernels;

/// <summary>
/// The windows of a pooling op from [N, C, H, W] to [N, C, P, Q], and where elements are stored, channels last.
/// </summary>
internal readonly struct PoolGeometry(Shape x, PoolAxis rows, PoolAxis columns)
{
    private readonly FastDivisor channels = new(x[1]), height = new(x[2]), width = new(x[3]);
    private readonly FastDivisor outputRows = new(rows.Outputs), outputColumns = new(columns.Outputs);

    /// <summary>P windows over the rows.</summary>
    public PoolAxis Rows { get; } = rows;

    /// <summary>Q windows over the columns.</summary>
    public PoolAxis Columns { get; } = columns;

    public int Images { get; } = x[0];

    public int Channels => channels.Divisor;

    public int Height => height.Divisor;

    public int Width => width.Divisor;

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

    /// <summary>Where the input with this offset is.</summary>
    public PoolElement InputAt(int offset) => ElementAt(offset, height, width);

    /// <summary>Where the output with this offset is.</summary>
    public PoolElement OutputAt(int offset) => ElementAt(offset, outputRows, outputColumns);

    private PoolElement ElementAt(int offset, FastDivisor rows, FastDivisor columns)
    {
        int pixel = channels.Quotient(offset), line = columns.Quotient(pixel), image = rows.Quotient(line);
        return new(
            image, line - image * rows.Divisor, pixel - line * columns.Divisor, offset - pixel * channels.Divisor);
    }
}

/// <summary>The indices of an element.</summary>
internal readonly record struct PoolElement(int Image, int Row, int Column, int Channel);
