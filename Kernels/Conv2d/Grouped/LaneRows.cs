using PyNetSharp.Kernels.Gemm;
using PyNetSharp.Kernels.Simd;

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
    /// <summary>Floats after the copies of a row: the last vector of its last pixel may reach there.</summary>
    private const int Padding = 16;

    /// <summary>From this many output channels of a group on, a vector's store replaces enough of a float's.</summary>
    private const int MinBroadcast = 3;

    private readonly Patches patches;
    private readonly int firstLane, lanes, outputs;
    private readonly bool isCopied;
    private readonly float* copies;
    private readonly int* sources;

    /// <param name="patches">Of the channels of the first group.</param>
    /// <param name="outputs">Output channels of a group.</param>
    /// <param name="firstLane">An output channel.</param>
    /// <param name="lanes">Output channels from it on.</param>
    /// <param name="scratch">Of <see cref="ScratchBytes"/>, besides what others take.</param>
    public LaneRows(Patches patches, int outputs, int firstLane, int lanes, Scratch scratch)
    {
        (this.patches, this.firstLane, this.lanes, this.outputs) = (patches, firstLane, lanes, outputs);
        var geometry = patches.Geometry;
        isCopied = NeedsCopies(geometry, outputs);
        Pointers = scratch.Pointers((long)geometry.R * geometry.C);
        if (!isCopied) return;

        copies = scratch.Floats(CopyFloats(geometry, lanes));
        sources = (int*)scratch.Floats(geometry.R);
        new Span<int>(sources, geometry.R).Fill(-1);
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
                Scratch.AlignedBytes(geometry.R, sizeof(int))
            : 0);

    /// <summary>Floats of the copies of all rows under the kernel.</summary>
    public static long CopyFloats(in PatchGeometry geometry, int lanes) =>
        geometry.R * ((long)geometry.C * geometry.W * lanes + Padding);

    /// <summary>The rows of the kernel that are inside the image at an output row, from First to End − 1.</summary>
    public (int First, int End) Find<V>(int image, int outputRow) where V : struct, IVector<V>
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
                Copy<V>(row, geometry.Dilation.H == 1 ? y % geometry.R : r, pointers);
        }

        return (first, first + count);
    }

    /// <param name="row">Of all images.</param>
    /// <param name="slot">Where its copies are: one that no other row under the kernel has.</param>
    private void Copy<V>(int row, int slot, float** pointers) where V : struct, IVector<V>
    {
        var (inputs, width, pixel) = (patches.Geometry.C, patches.Width, patches.Geometry.PixelStride);
        var size = (nint)width * lanes;
        var to = copies + slot * (inputs * size + Padding);
        for (var i = 0; i < inputs; i++) pointers[i] = to + i * size;
        if (sources[slot] == row) return;

        sources[slot] = row;
        var from = patches.Pixels + (nint)row * width * pixel + (nint)(firstLane / outputs) * inputs;
        for (var i = 0; i < inputs; i++, from++, to += size)
            if (outputs >= MinBroadcast) CopyChannel<V>(from, pixel, inputs, width, to);
            else CopyChannel<F32>(from, pixel, inputs, width, to);
    }

    /// <summary>
    /// One input channel of each group, repeated for the group's lanes. Vectors that reach into the lanes of the next
    /// group, the next pixel or the padding are overwritten there afterwards.
    /// </summary>
    private void CopyChannel<V>(float* from, int pixel, int inputs, int width, float* to) where V : struct, IVector<V>
    {
        var firstEnd = outputs - firstLane % outputs;       // the first group may have begun in another part
        for (var column = 0; column < width; column++, from += pixel, to += lanes)
        {
            var channel = from;
            var lane = 0;
            for (var end = Math.Min(firstEnd, lanes); lane < lanes; end = Math.Min(end + outputs, lanes))
            {
                var value = V.Create(*channel);
                for (; lane < end; lane += V.Width) value.Store(to + lane);
                lane = end;
                channel += inputs;
            }
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
