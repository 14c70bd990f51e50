using PyNetSharp.Kernels.Gemm;

namespace PyNetSharp.Kernels;

/// <summary>
/// The input rows under the kernel for some output channels ("lanes"): in row (r, i), the float of each lane is the
/// i-th input channel of the lane's group.
/// </summary>
/// <remarks>
/// In a depthwise convolution the image's rows are that already. Otherwise each row is copied once per i into a
/// thread's scratch memory, and kept for the next output row where that reads it too.
/// </remarks>
internal readonly unsafe struct LaneRows
{
    private readonly Patches patches;
    private readonly int firstLane, lanes;
    private readonly bool isCopied;
    private readonly float* copies;
    private readonly int* sources, channelOfLane;

    /// <param name="patches">Of the channels of the first group.</param>
    /// <param name="outputs">Output channels of a group.</param>
    /// <param name="firstLane">An output channel.</param>
    /// <param name="lanes">Output channels from it on.</param>
    /// <param name="scratch">Of <see cref="ScratchBytes"/>, besides what others take.</param>
    public LaneRows(Patches patches, int outputs, int firstLane, int lanes, Scratch scratch)
    {
        (this.patches, this.firstLane, this.lanes) = (patches, firstLane, lanes);
        var geometry = patches.Geometry;
        isCopied = NeedsCopies(geometry, outputs);
        Pointers = scratch.Pointers((long)geometry.R * geometry.C);
        if (!isCopied) return;

        copies = scratch.Floats(CopyFloats(geometry, lanes));
        sources = (int*)scratch.Floats(geometry.R);
        channelOfLane = (int*)scratch.Floats(lanes);
        new Span<int>(sources, geometry.R).Fill(-1);
        for (var lane = 0; lane < lanes; lane++) channelOfLane[lane] = (firstLane + lane) / outputs * geometry.C;
    }

    /// <summary>
    /// What <see cref="Find"/> found: the rows of the kernel that are inside the image, C pointers each.
    /// </summary>
    public float** Pointers { get; }

    /// <summary>Floats from one pixel to the next.</summary>
    public int PixelStride => isCopied ? lanes : patches.Geometry.PixelStride;

    /// <summary>Whether input and output channels differ.</summary>
    public static bool NeedsCopies(in PatchGeometry geometry, int outputs) => (geometry.C, outputs) != (1, 1);

    public static long ScratchBytes(in PatchGeometry geometry, int outputs, int lanes) =>
        Scratch.AlignedBytes((long)geometry.R * geometry.C, sizeof(float*)) +
        (NeedsCopies(geometry, outputs)
            ? Scratch.AlignedBytes(CopyFloats(geometry, lanes), sizeof(float)) +
                Scratch.AlignedBytes(geometry.R, sizeof(int)) + Scratch.AlignedBytes(lanes, sizeof(int))
            : 0);

    /// <summary>Floats of the copies of all rows under the kernel.</summary>
    public static long CopyFloats(in PatchGeometry geometry, int lanes) =>
        (long)geometry.R * geometry.C * geometry.W * lanes;

    /// <summary>The rows of the kernel that are inside the image at an output row, from First to End − 1.</summary>
    public (int First, int End) Find(int image, int outputRow)
    {
        var geometry = patches.Geometry;
        var (first, count, top) = (0, 0, outputRow * geometry.Stride.H + geometry.Origin.H);
        for (var r = 0; r < geometry.R; r++)
        {
            var y = top + r * geometry.Dilation.H;
            if ((uint)y >= (uint)geometry.H) continue;
            if (count++ == 0) first = r;
            var row = image * geometry.H + y;
            var pointers = Pointers + (r - first) * geometry.C;
            if (!isCopied)
                *pointers = patches.Pixels + (nint)row * geometry.W * geometry.PixelStride + firstLane;
            else
                Copy(row, geometry.Dilation.H == 1 ? y % geometry.R : r, pointers);
        }

        return (first, first + count);
    }

    /// <param name="row">Of all images.</param>
    /// <param name="slot">Where its copies are: one that no other row under the kernel has.</param>
    private void Copy(int row, int slot, float** pointers)
    {
        var (inputs, width, pixel) = (patches.Geometry.C, patches.Width, patches.Geometry.PixelStride);
        var size = (nint)width * lanes;
        var to = copies + slot * inputs * size;
        for (var i = 0; i < inputs; i++) pointers[i] = to + i * size;
        if (sources[slot] == row) return;

        sources[slot] = row;
        var from = patches.Pixels + (nint)row * width * pixel;
        for (var column = 0; column < width; column++, from += pixel, to += lanes)
            for (var i = 0; i < inputs; i++)
            {
                float* channels = from + i, copy = to + i * size;
                for (var lane = 0; lane < lanes; lane++) copy[lane] = channels[channelOfLane[lane]];
            }
    }
}

/// <summary>
/// The output channels in parts of whole vectors, so that several threads have work for one image, and the copies of
/// <see cref="LaneRows"/> stay in the L2 cache. The last part has the channels that fill no vector as well.
/// </summary>
internal readonly record struct LanePartition(int Channels, int Parts, int VectorWidth)
{
    private const int MinTasks = 16;
    private const int MaxCopyFloats = 1 << 16;

    /// <param name="tasks">Into how many the work is divided anyhow.</param>
    /// <param name="outputs">Output channels of a group.</param>
    public static LanePartition For(in PatchGeometry geometry, int outputs, int channels, int tasks, int vectorWidth)
    {
        long parts = (MinTasks + tasks - 1) / Math.Max(tasks, 1);
        if (LaneRows.NeedsCopies(geometry, outputs))
            parts = Math.Max(parts, LaneRows.CopyFloats(geometry, channels) / MaxCopyFloats);
        return new(channels, (int)Math.Clamp(parts, 1, channels / vectorWidth), vectorWidth);
    }

    /// <summary>The channels from Begin to End − 1; Begin is a multiple of the vector's width.</summary>
    public (int Begin, int End) Range(int part) => (First(part), part == Parts - 1 ? Channels : First(part + 1));

    private int First(int part) => (int)((long)(Channels / VectorWidth) * part / Parts) * VectorWidth;
}
