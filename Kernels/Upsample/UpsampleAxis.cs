namespace PyNetSharp.Kernels;

/// <summary>
/// Which inputs each output is computed from along one axis, with which weights; and which outputs each input went
/// into.
/// </summary>
/// <remarks>
/// GPU threads evaluate it; CPU loops make tables of it. All in single precision, in PyTorch's order of operations
/// (<c>area_pixel_compute_source_index</c>), so that no pixel is taken from another place.
/// </remarks>
internal readonly struct UpsampleAxis(int inputs, int outputs, float scale, bool alignCorners, UpsampleMode mode)
{
    private readonly int bilinear = mode == UpsampleMode.Bilinear ? 1 : 0;      // kernels take no bool
    private readonly int halfPixels = mode == UpsampleMode.Bilinear && !alignCorners ? 1 : 0;

    public int Outputs { get; } = outputs;

    /// <summary>Inputs per output, as the coordinates take it.</summary>
    public float Scale { get; } = scale;

    public bool IsBilinear => bilinear != 0;

    /// <summary>The input at or before the coordinate of output <paramref name="o"/>.</summary>
    public int First(int o) => Math.Min((int)Coordinate(o), inputs - 1);

    /// <summary>The input after it, or the last one; in nearest mode the same.</summary>
    public int Second(int o) => Math.Min(First(o) + bilinear, inputs - 1);

    /// <summary>The weight of the second input; the first one's is 1 minus that.</summary>
    public float Fraction(int o) => bilinear == 0 ? 0 : Math.Min(Math.Max(Coordinate(o) - First(o), 0), 1);

    /// <summary>The weight of input <paramref name="i"/> in output <paramref name="o"/>.</summary>
    public float Weight(int o, int i)
    {
        var fraction = Fraction(o);
        return (First(o) == i ? 1 - fraction : 0) + (Second(o) == i ? fraction : 0);
    }

    /// <summary>
    /// The first output that input <paramref name="i"/> went into; those before <see cref="EndCovering"/> follow.
    /// </summary>
    public int FirstCovering(int i)
    {
        int low = 0, high = Outputs;        // inputs do not decrease with the output
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Second(middle) >= i) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    /// <summary>One past the last output that input <paramref name="i"/> went into.</summary>
    public int EndCovering(int i)
    {
        int low = 0, high = Outputs;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (First(middle) > i) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    private float Coordinate(int o) => halfPixels == 0 ? Scale * o : Math.Max(Scale * (o + 0.5f) - 0.5f, 0);
}

/// <summary>Images [N, C, H, W] and their results [N, C, P, Q], and where elements are stored, channels last.</summary>
internal readonly struct UpsampleGeometry(Shape x, UpsampleAxis rows, UpsampleAxis columns)
{
    /// <summary>From H to P.</summary>
    public UpsampleAxis Rows { get; } = rows;

    /// <summary>From W to Q.</summary>
    public UpsampleAxis Columns { get; } = columns;

    public int Images { get; } = x[0];

    public int Channels { get; } = x[1];

    public int Height { get; } = x[2];

    public int Width { get; } = x[3];

    /// <summary>[N, C, H, W]</summary>
    public Shape InputShape => [Images, Channels, Height, Width];

    /// <summary>[N, C, P, Q]</summary>
    public Shape OutputShape => [Images, Channels, Rows.Outputs, Columns.Outputs];

    /// <summary>The offset of an input pixel.</summary>
    public int InputOffset(int image, int row, int column) => ((image * Height + row) * Width + column) * Channels;

    /// <summary>The offset of an output pixel.</summary>
    public int OutputOffset(int image, int row, int column) =>
        ((image * Rows.Outputs + row) * Columns.Outputs + column) * Channels;
}
