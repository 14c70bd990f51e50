namespace PyNetSharp.Kernels;

/// <summary>
/// The windows that a kernel sees as it slides over channels-last images: for each position, pointers to the input rows
/// that lie under the kernel. Padding points at zeros. No window is ever copied out, but for the ends of very short rows.
/// </summary>
/// <remarks>
/// A window is cut into segments of contiguous floats: one per tap, of <c>Channels</c> floats. With few channels, as in a
/// first layer, that would be mostly pointers; there a segment is a whole kernel row of <c>KernelWidth · Channels</c>
/// floats, and windows that the image's edge cuts get a small padded copy.
/// </remarks>
internal readonly unsafe struct PatchGrid
{
    private const int RowSegmentChannelLimit = 16;

    /// <summary>Channels-last images, [Images, Height, Width, Channels].</summary>
    public required float* Pixels { get; init; }

    /// <summary>At least one segment of zeros.</summary>
    public required float* ZeroBuffer { get; init; }

    public required int Images { get; init; }

    public required int Height { get; init; }

    public required int Width { get; init; }

    public required int Channels { get; init; }

    /// <summary>Positions of the window, per axis.</summary>
    public required (int H, int W) OutputSize { get; init; }

    /// <summary>Taps, per axis; 0 where no tap reaches this grid.</summary>
    public required (int H, int W) KernelSize { get; init; }

    /// <summary>Input pixels between two positions.</summary>
    public required (int H, int W) Stride { get; init; }

    /// <summary>The input pixel under the first tap of the first position; negative for padding.</summary>
    public required (int H, int W) Origin { get; init; }

    public int Positions => Images * OutputSize.H * OutputSize.W;

    public int Segments => HasRowSegments ? KernelSize.H : KernelSize.H * KernelSize.W;

    /// <summary>Floats to a segment.</summary>
    public int SegmentLength => HasRowSegments ? KernelSize.W * Channels : Channels;

    /// <summary>Floats to a window.</summary>
    public int Depth => KernelSize.H * KernelSize.W * Channels;

    /// <summary>Floats of working memory that <see cref="FillIndirectionBuffer"/> may need for so many positions.</summary>
    public long EdgeCopySize(int positions) => HasRowSegments ? (long)positions * Depth : 0;

    private bool HasRowSegments => Channels < RowSegmentChannelLimit && KernelSize.W > 1;

    /// <summary>
    /// The same windows in parts of at most so many positions that follow one another: images, rows of an image, or
    /// positions of a row.
    /// </summary>
    public List<PatchGrid> Split(int most)
    {
        List<PatchGrid> parts = [];
        var ofImage = OutputSize.H * OutputSize.W;
        if (ofImage <= most)
        {
            for (var (image, size) = (0, Equal(Images, most / ofImage)); image < Images; image += size)
                parts.Add(this with { Pixels = ImageStart(image), Images = Math.Min(size, Images - image) });
            return parts;
        }

        var (rows, columns) = (Equal(OutputSize.H, Math.Max(1, most / OutputSize.W)), Equal(OutputSize.W, most));
        for (var image = 0; image < Images; image++)
            for (var row = 0; row < OutputSize.H; row += rows)
                for (var column = 0; column < OutputSize.W; column += columns)
                    parts.Add(this with
                    {
                        Pixels = ImageStart(image), Images = 1,
                        OutputSize = (Math.Min(rows, OutputSize.H - row), Math.Min(columns, OutputSize.W - column)),
                        Origin = (Origin.H + row * Stride.H, Origin.W + column * Stride.W),
                    });
        return parts;

        // The size of parts that are about equal, and no larger than the greatest.
        static int Equal(int count, int greatest)
        {
            var parts = (count + greatest - 1) / greatest;
            return (count + parts - 1) / parts;
        }
    }

    private float* ImageStart(int image) => Pixels + (nint)image * Height * Width * Channels;

    /// <summary>Writes the pointers of <paramref name="count"/> windows from position <paramref name="first"/> on.</summary>
    /// <param name="table">Segment s of the window i goes to <c>table[i · perWindow + s · perSegment]</c>.</param>
    /// <param name="edges"><see cref="EdgeCopySize"/> floats for windows that the image's edge cuts.</param>
    public void FillIndirectionBuffer(int first, int count, float** table, nint perWindow, nint perSegment, float* edges)
    {
        var (row, column) = Math.DivRem(first, OutputSize.W);
        var (image, line) = Math.DivRem(row, OutputSize.H);
        for (var i = 0; i < count; i++, table += perWindow)
        {
            var (top, left) = (line * Stride.H + Origin.H, column * Stride.W + Origin.W);
            var pixels = ImageStart(image);
            if (HasRowSegments) edges = FillRowPointers(pixels, top, left, table, perSegment, edges);
            else FillTapPointers(pixels, top, left, table, perSegment);

            if (++column < OutputSize.W) continue;
            column = 0;
            if (++line < OutputSize.H) continue;
            line = 0;
            image++;
        }
    }

    private void FillTapPointers(float* pixels, int top, int left, float** table, nint perSegment)
    {
        for (var y = top; y < top + KernelSize.H; y++)
        {
            var inside = (uint)y < (uint)Height;
            var line = pixels + (nint)y * Width * Channels;
            for (var x = left; x < left + KernelSize.W; x++, table += perSegment)
                *table = inside && (uint)x < (uint)Width ? line + (nint)x * Channels : ZeroBuffer;
        }
    }

    private float* FillRowPointers(float* pixels, int top, int left, float** table, nint perSegment, float* edges)
    {
        var (begin, end) = (Math.Max(left, 0), Math.Min(left + KernelSize.W, Width));
        var whole = end - begin == KernelSize.W;
        for (var y = top; y < top + KernelSize.H; y++, table += perSegment)
        {
            var line = pixels + ((nint)y * Width + begin) * Channels;
            if ((uint)y >= (uint)Height || begin >= end)
            {
                *table = ZeroBuffer;
            }
            else if (whole)
            {
                *table = line;
            }
            else
            {
                var copy = new Span<float>(edges, SegmentLength);
                copy.Clear();
                new ReadOnlySpan<float>(line, (end - begin) * Channels).CopyTo(copy[((begin - left) * Channels)..]);
                *table = edges;
                edges += SegmentLength;
            }
        }

        return edges;
    }
}
