namespace PyNetSharp.Kernels;

/// <summary>
/// The patches of channels-last images under a kernel, as an indirection buffer: for each position, pointers to the
/// input rows under the kernel; padding points at the zero buffer. No patch is copied, except parts of those in row
/// segments.
/// </summary>
/// <remarks>
/// A patch is cut into segments of contiguous floats: one per tap, of C floats; or, with few channels
/// (<see cref="Conv2dPlan.UsesRowSegments"/>), one per kernel row, of S·C floats. A row segment that crosses the
/// image's edge is copied, with zeros around it.
/// </remarks>
/// <param name="pixels">[N, H, W, C]</param>
/// <param name="zeroBuffer">At least one segment of zeros.</param>
internal readonly unsafe struct PatchGrid(float* pixels, float* zeroBuffer, PatchGeometry geometry)
{
    public float* Pixels { get; init; } = pixels;

    public float* ZeroBuffer { get; init; } = zeroBuffer;

    /// <summary>A field: reading one extent does not copy the others.</summary>
    public readonly PatchGeometry Geometry = geometry;

    public int Images => Geometry.N;

    public int Height => Geometry.H;

    public int Width => Geometry.W;

    public int Channels => Geometry.C;

    /// <summary>Positions of the kernel: P and Q.</summary>
    public (int H, int W) OutputSize => (Geometry.P, Geometry.Q);

    /// <summary>Taps: R and S.</summary>
    public (int H, int W) KernelSize => (Geometry.R, Geometry.S);

    public (int H, int W) Origin => Geometry.Origin;

    public int Positions => Geometry.Positions;

    /// <summary>Floats in a patch.</summary>
    public int Depth => Geometry.Depth;

    /// <summary>Segments of a patch.</summary>
    public int Segments => HasRowSegments ? Geometry.R : Geometry.R * Geometry.S;

    /// <summary>Floats in a segment.</summary>
    public int SegmentLength => HasRowSegments ? Geometry.S * Channels : Channels;

    private bool HasRowSegments => Conv2dPlan.UsesRowSegments(Geometry.C, Geometry.S);

    /// <summary>For what depends on shapes alone.</summary>
    public static PatchGrid WithoutImages(PatchGeometry geometry) => new(null, null, geometry);

    /// <summary>Floats of working memory that <see cref="FillIndirectionBuffer"/> may need.</summary>
    public long EdgeCopySize(int positions) => HasRowSegments ? (long)positions * Depth : 0;

    /// <summary>Consecutive parts: whole images, rows of an image, or positions of a row.</summary>
    /// <param name="most">Positions of a part, at most.</param>
    public List<PatchGrid> Split(int most)
    {
        List<PatchGrid> parts = [];
        var ofImage = Geometry.P * Geometry.Q;
        if (ofImage <= most)
        {
            for (var (image, size) = (0, Equal(Images, most / ofImage)); image < Images; image += size)
                parts.Add(Part(image, Geometry with { N = Math.Min(size, Images - image) }));
            return parts;
        }

        var (stride, origin) = (Geometry.Stride, Geometry.Origin);
        var (rows, columns) = (Equal(Geometry.P, Math.Max(1, most / Geometry.Q)), Equal(Geometry.Q, most));
        for (var image = 0; image < Images; image++)
            for (var row = 0; row < Geometry.P; row += rows)
                for (var column = 0; column < Geometry.Q; column += columns)
                    parts.Add(Part(image, Geometry with
                    {
                        N = 1, P = Math.Min(rows, Geometry.P - row), Q = Math.Min(columns, Geometry.Q - column),
                        Origin = (origin.H + row * stride.H, origin.W + column * stride.W),
                    }));
        return parts;

        // The size of parts that are about equal and at most the greatest.
        static int Equal(int count, int greatest)
        {
            var parts = (count + greatest - 1) / greatest;
            return (count + parts - 1) / parts;
        }
    }

    private PatchGrid Part(int firstImage, PatchGeometry part) => new(ImageStart(firstImage), ZeroBuffer, part);

    private float* ImageStart(int image) => Pixels + (nint)image * Height * Width * Channels;

    /// <summary>
    /// Writes the pointers of <paramref name="count"/> patches from position <paramref name="first"/> on.
    /// </summary>
    /// <param name="table">Segment s of patch i goes to <c>table[i · perPatch + s · perSegment]</c>.</param>
    /// <param name="edges">
    /// <see cref="EdgeCopySize"/> floats for copies of segments that cross the image's edge.
    /// </param>
    public void FillIndirectionBuffer(int first, int count, float** table, nint perPatch, nint perSegment, float* edges)
    {
        var (stride, origin) = (Geometry.Stride, Geometry.Origin);
        var (row, column) = Math.DivRem(first, Geometry.Q);
        var (image, line) = Math.DivRem(row, Geometry.P);
        for (var i = 0; i < count; i++, table += perPatch)
        {
            var (top, left) = (line * stride.H + origin.H, column * stride.W + origin.W);
            var pixels = ImageStart(image);
            if (HasRowSegments) edges = FillRowPointers(pixels, top, left, table, perSegment, edges);
            else FillTapPointers(pixels, top, left, table, perSegment);

            if (++column < Geometry.Q) continue;
            column = 0;
            if (++line < Geometry.P) continue;
            line = 0;
            image++;
        }
    }

    private void FillTapPointers(float* pixels, int top, int left, float** table, nint perSegment)
    {
        for (var y = top; y < top + Geometry.R; y++)
        {
            var inside = (uint)y < (uint)Height;
            var line = pixels + (nint)y * Width * Channels;
            for (var x = left; x < left + Geometry.S; x++, table += perSegment)
                *table = inside && (uint)x < (uint)Width ? line + (nint)x * Channels : ZeroBuffer;
        }
    }

    private float* FillRowPointers(float* pixels, int top, int left, float** table, nint perSegment, float* edges)
    {
        var (begin, end) = (Math.Max(left, 0), Math.Min(left + Geometry.S, Width));
        var whole = end - begin == Geometry.S;
        for (var y = top; y < top + Geometry.R; y++, table += perSegment)
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
