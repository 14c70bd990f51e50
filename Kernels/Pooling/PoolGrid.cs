namespace PyNetSharp;

/// <summary>Where the elements of images [n, c, h, w] and of their pooled ones [n, c, h', w'] are stored, channels last.</summary>
internal readonly struct PoolGrid(Shape shape, PoolAxis rows, PoolAxis columns)
{
    public PoolSteps Rows { get; } = rows.Steps;

    public PoolSteps Columns { get; } = columns.Steps;

    public int Channels { get; } = shape[1];

    public int Height { get; } = shape[2];

    public int Width { get; } = shape[3];

    /// <summary>Where an image's pixel begins.</summary>
    public int Input(int image, int row, int column) => ((image * Height + row) * Width + column) * Channels;

    /// <summary>Where a pooled image's pixel begins.</summary>
    public int Output(int image, int row, int column) => ((image * Rows.Outputs + row) * Columns.Outputs + column) * Channels;
}
