namespace PyNetSharp;

/// <summary>
/// The windows that a kernel sees as it slides over channels-last images: for each position, pointers to the input rows
/// that lie under the kernel. Padding points at zeros. No window is ever copied out, but for the ends of very short rows.
/// </summary>
/// <remarks>
/// A window is cut into segments of contiguous floats: one per tap, of <c>Channels</c> floats. With few channels, as in a
/// first layer, that would be mostly pointers; there a segment is a whole kernel row of <c>KernelWidth · Channels</c>
/// floats, and windows that the image's edge cuts get a small padded copy.
/// </remarks>
internal readonly unsafe struct Windows
{
    private const int FewChannels = 16;

    /// <summary>Channels-last images, [Images, Height, Width, Channels].</summary>
    public required float* Source { get; init; }

    /// <summary>At least one segment of zeros.</summary>
    public required float* Zeros { get; init; }

    public required int Images { get; init; }

    public required int Height { get; init; }

    public required int Width { get; init; }

    public required int Channels { get; init; }

    /// <summary>Positions of the window, per axis.</summary>
    public required (int H, int W) Grid { get; init; }

    /// <summary>Taps, per axis; 0 where no tap reaches this grid.</summary>
    public required (int H, int W) Kernel { get; init; }

    /// <summary>Input pixels between two positions.</summary>
    public required (int H, int W) Step { get; init; }

    /// <summary>The input pixel under the first tap of the first position; negative for padding.</summary>
    public required (int H, int W) Origin { get; init; }

    public int Positions => Images * Grid.H * Grid.W;

    public int Segments => ByRow ? Kernel.H : Kernel.H * Kernel.W;

    /// <summary>Floats to a segment.</summary>
    public int Length => ByRow ? Kernel.W * Channels : Channels;

    /// <summary>Floats to a window.</summary>
    public int Depth => Kernel.H * Kernel.W * Channels;

    /// <summary>Floats of working memory that <see cref="Point"/> may need for so many positions.</summary>
    public long EdgeFloats(int positions) => ByRow ? (long)positions * Depth : 0;

    private bool ByRow => Channels < FewChannels && Kernel.W > 1;

    /// <summary>
    /// The same windows in parts of at most so many positions that follow one another: images, rows of an image, or
    /// positions of a row.
    /// </summary>
    public List<Windows> Cut(int most)
    {
        List<Windows> parts = [];
        var ofImage = Grid.H * Grid.W;
        if (ofImage <= most)
        {
            for (var (image, size) = (0, Equal(Images, most / ofImage)); image < Images; image += size)
                parts.Add(this with { Source = At(image), Images = Math.Min(size, Images - image) });
            return parts;
        }

        var (rows, columns) = (Equal(Grid.H, Math.Max(1, most / Grid.W)), Equal(Grid.W, most));
        for (var image = 0; image < Images; image++)
            for (var row = 0; row < Grid.H; row += rows)
                for (var column = 0; column < Grid.W; column += columns)
                    parts.Add(this with
                    {
                        Source = At(image), Images = 1,
                        Grid = (Math.Min(rows, Grid.H - row), Math.Min(columns, Grid.W - column)),
                        Origin = (Origin.H + row * Step.H, Origin.W + column * Step.W),
                    });
        return parts;

        // The size of parts that are about equal, and no larger than the greatest.
        static int Equal(int count, int greatest)
        {
            var parts = (count + greatest - 1) / greatest;
            return (count + parts - 1) / parts;
        }
    }

    private float* At(int image) => Source + (nint)image * Height * Width * Channels;

    /// <summary>Writes the pointers of <paramref name="count"/> windows from position <paramref name="first"/> on.</summary>
    /// <param name="table">Segment s of the window i goes to <c>table[i · perWindow + s · perSegment]</c>.</param>
    /// <param name="edges"><see cref="EdgeFloats"/> floats for windows that the image's edge cuts.</param>
    public void Point(int first, int count, float** table, nint perWindow, nint perSegment, float* edges)
    {
        var (row, column) = Math.DivRem(first, Grid.W);
        var (image, line) = Math.DivRem(row, Grid.H);
        for (var i = 0; i < count; i++, table += perWindow)
        {
            var (top, left) = (line * Step.H + Origin.H, column * Step.W + Origin.W);
            var pixels = At(image);
            if (ByRow) edges = PointRows(pixels, top, left, table, perSegment, edges);
            else PointTaps(pixels, top, left, table, perSegment);

            if (++column < Grid.W) continue;
            column = 0;
            if (++line < Grid.H) continue;
            line = 0;
            image++;
        }
    }

    private void PointTaps(float* pixels, int top, int left, float** table, nint perSegment)
    {
        for (var y = top; y < top + Kernel.H; y++)
        {
            var inside = (uint)y < (uint)Height;
            var line = pixels + (nint)y * Width * Channels;
            for (var x = left; x < left + Kernel.W; x++, table += perSegment)
                *table = inside && (uint)x < (uint)Width ? line + (nint)x * Channels : Zeros;
        }
    }

    private float* PointRows(float* pixels, int top, int left, float** table, nint perSegment, float* edges)
    {
        var (begin, end) = (Math.Max(left, 0), Math.Min(left + Kernel.W, Width));
        var whole = end - begin == Kernel.W;
        for (var y = top; y < top + Kernel.H; y++, table += perSegment)
        {
            var line = pixels + ((nint)y * Width + begin) * Channels;
            if ((uint)y >= (uint)Height || begin >= end)
            {
                *table = Zeros;
            }
            else if (whole)
            {
                *table = line;
            }
            else
            {
                var copy = new Span<float>(edges, Length);
                copy.Clear();
                new ReadOnlySpan<float>(line, (end - begin) * Channels).CopyTo(copy[((begin - left) * Channels)..]);
                *table = edges;
                edges += Length;
            }
        }

        return edges;
    }
}
