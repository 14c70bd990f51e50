namespace PyNetSharp.Kernels;

/// <summary>
/// The patches of channels-last images under a kernel: geometry, pixels and zero buffer, from which
/// <see cref="FillIndirectionBuffer"/> writes the pointers of some positions.
/// </summary>
/// <remarks>
/// A patch is cut into segments of contiguous floats: one per tap, of C floats; or, with few channels
/// (<see cref="Conv2dPlan.UsesRowSegments"/>), one per kernel row, of S·C floats. A row segment that crosses the
/// image's border is copied, with zeros around it; nothing else is.
/// </remarks>
/// <param name="pixels">[N, H, W, C]</param>
/// <param name="zeroBuffer">At least one segment of zeros.</param>
internal readonly unsafe struct Patches(float* pixels, float* zeroBuffer, PatchGeometry geometry)
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
    public int PatchLength => Geometry.PatchLength;

    /// <summary>Segments of a patch.</summary>
    public int Segments => HasRowSegments ? Geometry.R : Geometry.R * Geometry.S;

    /// <summary>Floats in a segment.</summary>
    public int SegmentLength => HasRowSegments ? Geometry.S * Channels : Channels;

    private bool HasRowSegments => Conv2dPlan.UsesRowSegments(Geometry);

    /// <summary>For what depends on shapes alone.</summary>
    public static Patches WithoutImages(PatchGeometry geometry) => new(null, null, geometry);

    /// <summary>Floats of working memory that <see cref="FillIndirectionBuffer"/> may need.</summary>
    public long BorderCopyFloats(int positions) => HasRowSegments ? (long)positions * PatchLength : 0;

    /// <summary>Consecutive parts: whole images, rows of an image, or positions of a row.</summary>
    /// <param name="most">Positions of a part, at most.</param>
    public List<Patches> Split(int most)
    {
        List<Patches> parts = [];
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

    private Patches Part(int firstImage, PatchGeometry part) => new(ImageStart(firstImage), ZeroBuffer, part);

    private float* ImageStart(int image) => Pixels + (nint)image * Height * Width * Geometry.PixelStride;

    /// <summary>
    /// Writes the pointers of <paramref name="count"/> patches from position <paramref name="first"/> on.
    /// </summary>
    /// <param name="table">Segment s of patch i goes to <c>table[i · perPatch + s · perSegment]</c>.</param>
    /// <param name="borderSegments">
    /// <see cref="BorderCopyFloats"/> floats for copies of segments that cross the image's border.
    /// </param>
    public void FillIndirectionBuffer(
        int first, int count, float** table, nint perPatch, nint perSegment, float* borderSegments)
    {
        var (stride, origin, hasRowSegments) = (Geometry.Stride, Geometry.Origin, HasRowSegments);
        var (rowInBatch, column) = Math.DivRem(first, Geometry.Q);
        var (image, outputRow) = Math.DivRem(rowInBatch, Geometry.P);
        for (var i = 0; i < count; i++, table += perPatch)
        {
            var (top, left) = (outputRow * stride.H + origin.H, column * stride.W + origin.W);
            var pixels = ImageStart(image);
            if (hasRowSegments) borderSegments = FillRowPointers(pixels, top, left, table, perSegment, borderSegments);
            else FillTapPointers(pixels, top, left, table, perSegment);

            if (++column < Geometry.Q) continue;
            column = 0;
            if (++outputRow < Geometry.P) continue;
            outputRow = 0;
            image++;
        }
    }

    private void FillTapPointers(float* pixels, int top, int left, float** table, nint perSegment)
    {
        var (pixel, dilation) = (Geometry.PixelStride, Geometry.Dilation);
        for (var (r, y) = (0, top); r < Geometry.R; r++, y += dilation.H)
        {
            var inside = (uint)y < (uint)Height;
            var pixelRow = pixels + (nint)y * Width * pixel;
            for (var (s, x) = (0, left); s < Geometry.S; s++, x += dilation.W, table += perSegment)
                *table = inside && (uint)x < (uint)Width ? pixelRow + (nint)x * pixel : ZeroBuffer;
        }
    }

    private float* FillRowPointers(
        float* pixels, int top, int left, float** table, nint perSegment, float* borderSegments)
    {
        var (height, width, channels, dilation) = (Height, Width, Channels, Geometry.Dilation.H);
        var (begin, end) = (Math.Max(left, 0), Math.Min(left + Geometry.S, width));
        var whole = end - begin == Geometry.S;
        for (var (r, y) = (0, top); r < Geometry.R; r++, y += dilation, table += perSegment)
        {
            var pixelRow = pixels + ((nint)y * width + begin) * channels;
            if ((uint)y >= (uint)height || begin >= end)
            {
                *table = ZeroBuffer;
            }
            else if (whole)
            {
                *table = pixelRow;
            }
            else
            {
                var copy = new Span<float>(borderSegments, SegmentLength);
                copy.Clear();
                new ReadOnlySpan<float>(pixelRow, (end - begin) * channels).CopyTo(copy[((begin - left) * channels)..]);
                *table = borderSegments;
                borderSegments += SegmentLength;
            }
        }

        return borderSegments;
    }
}
