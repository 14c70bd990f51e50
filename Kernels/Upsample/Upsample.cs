using System.Globalization;
using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>How the pixels of an image of another size are computed.</summary>
public enum UpsampleMode
{
    /// <summary>The input at the output's coordinate, rounded down: PyTorch's "nearest".</summary>
    Nearest,

    /// <summary>The weighted mean of the four inputs around the output's coordinate.</summary>
    Bilinear,
}

/// <summary>Output pixels per input pixel along each axis. A number converts to the same for both axes.</summary>
/// <param name="H">The vertical factor.</param>
/// <param name="W">The horizontal factor.</param>
public readonly record struct ScaleFactor(double H, double W)
{
    /// <summary>The same factor for both axes.</summary>
    public static implicit operator ScaleFactor(double both) => new(both, both);

    /// <summary>(vertical, horizontal)</summary>
    public static implicit operator ScaleFactor((double H, double W) pair) => new(pair.H, pair.W);

    /// <summary>As PyTorch prints it: <c>2.0</c> if both are the same, otherwise <c>(2.0, 1.5)</c>.</summary>
    public override string ToString()
    {
        return H.Equals(W) ? Format(H) : $"({Format(H)}, {Format(W)})";

        static string Format(double x) => x.ToString("0.0###############", CultureInfo.InvariantCulture);
    }
}

/// <summary>Resizing of images.</summary>
public static class UpsampleExtensions
{
    extension(Tensor x)
    {
        /// <summary>
        /// Images of another size, larger or smaller, by nearest neighbors or bilinear interpolation.
        /// </summary>
        /// <param name="size">Rows P and columns Q of the result, at least 1; or a factor is given.</param>
        /// <param name="scaleFactor">
        /// Positive: P = ⌊H·factor⌋, Q = ⌊W·factor⌋, and the coordinates follow from the factor itself; or a size is
        /// given.
        /// </param>
        /// <param name="mode">How a pixel is computed.</param>
        /// <param name="alignCorners">
        /// Bilinear only: whether the centers of the corner pixels coincide, so that output row p is at p·(H − 1)/(P −
        /// 1); else the corners of the images do, and it is at (p + ½)·H/P − ½, from 0 up.
        /// </param>
        /// <returns>[N, C, P, Q], where x is [N, C, H, W].</returns>
        /// <exception cref="ArgumentException">
        /// Both or neither of size and factor are given, or corners are to be aligned in another mode.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">A size, a factor or the mode is outside its range.</exception>
        /// <exception cref="ShapeException">The rank is not 4, or input or result has no pixels.</exception>
        /// <remarks>
        /// <c>torch.nn.functional.interpolate</c>, with its coordinates in single precision. The nearest neighbor of
        /// output p is input ⌊p·H/P⌋. Each input gathers its gradient from the outputs that it went into, in a fixed
        /// order. When an image is made smaller, inputs between the coordinates do not count (no antialiasing).
        /// </remarks>
        public Tensor Upsample(
            (int H, int W)? size = null, ScaleFactor? scaleFactor = null, UpsampleMode mode = UpsampleMode.Nearest,
            bool alignCorners = false) =>
            new UpsampleOp(new(size, scaleFactor, mode, alignCorners)).Apply(x);
    }
}

internal sealed class UpsampleOp(UpsampleOptions options) : Op
{
    private UpsampleGeometry geometry;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        geometry = options.GeometryFor(x[0].Shape);
        return geometry.OutputShape;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) => On(y).Forward(geometry, x[0], y);

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        options.ToOnnx(graph, x[0], geometry);

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(geometry.InputShape, dy.Device);
        On(dy).Backward(geometry, dy, dx);
        return [dx];
    }

    private static IUpsample On(Tensor tensor) => tensor.IsOnCpu ? UpsampleCpu.Instance : Gpu();

    /// <summary>A method of its own, so that a process that uses only CPUs does not load ILGPU.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static UpsampleGpu Gpu() => UpsampleGpu.Instance;
}

/// <summary>Resizing on one kind of device.</summary>
internal interface IUpsample
{
    /// <summary>y, [N, C, P, Q]: each pixel from the one or four pixels of x around its coordinate.</summary>
    void Forward(UpsampleGeometry geometry, Tensor x, Tensor y);

    /// <summary>
    /// dx, [N, C, H, W]: the sum of dy over the outputs that an input went into, by its weights there.
    /// </summary>
    void Backward(UpsampleGeometry geometry, Tensor dy, Tensor dx);
}

/// <summary>What the caller of the op asks for, checked.</summary>
internal sealed class UpsampleOptions
{
    private readonly (int H, int W)? size;
    private readonly ScaleFactor? scaleFactor;
    private readonly UpsampleMode mode;
    private readonly bool alignCorners;

    public UpsampleOptions((int H, int W)? size, ScaleFactor? scaleFactor, UpsampleMode mode, bool alignCorners)
    {
        if (size is null == scaleFactor is null)
            throw new ArgumentException("Upsample: either a size or a scale factor is given.");
        if (size is { } s && (s.H < 1 || s.W < 1))
            throw new ArgumentOutOfRangeException(
                nameof(size), FormattableString.Invariant($"({s.H}, {s.W})"), "Upsample: a size is at least 1.");
        if (scaleFactor is { } f && !(f.H > 0 && f.W > 0 && double.IsFinite(f.H) && double.IsFinite(f.W)))
            throw new ArgumentOutOfRangeException(
                nameof(scaleFactor), $"{f}", "Upsample: a scale factor is a positive number.");
        if (mode is not (UpsampleMode.Nearest or UpsampleMode.Bilinear))
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "Upsample: no such mode.");
        if (alignCorners && mode == UpsampleMode.Nearest)
            throw new ArgumentException("Upsample: corners are aligned in bilinear mode only.", nameof(alignCorners));
        (this.size, this.scaleFactor, this.mode, this.alignCorners) = (size, scaleFactor, mode, alignCorners);
    }

    /// <exception cref="ShapeException">There are no images of pixels, or none come out.</exception>
    public UpsampleGeometry GeometryFor(Shape x)
    {
        if (x.Rank != 4 || x[2] == 0 || x[3] == 0)
            throw new ShapeException($"Upsample: expected N×C×H×W with at least one pixel, got {x}.");
        return new(x, Axis(x, 2, size?.H, scaleFactor?.H), Axis(x, 3, size?.W, scaleFactor?.W));
    }

    /// <summary>
    /// The operator Resize; in nearest mode with whole factors only, as other coordinates would have to be rounded
    /// alike: otherwise the pixels are gathered.
    /// </summary>
    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x, UpsampleGeometry geometry)
    {
        var (rows, columns) = (geometry.Rows, geometry.Columns);
        var isWhole = rows.Outputs % geometry.Height == 0 && columns.Outputs % geometry.Width == 0;
        if (mode == UpsampleMode.Nearest && !isWhole) return Gather(Gather(x, 2, rows), 3, columns);

        float[] scales =
        [
            1, 1, ScaleOf(rows, geometry.Height, alignCorners), ScaleOf(columns, geometry.Width, alignCorners),
        ];
        ReadOnlySpan<OnnxValue> inputs = [x, OnnxValue.None, OnnxValue.Constant([4], scales)];
        return mode == UpsampleMode.Nearest
            ? graph.Add(
                "Resize", inputs, ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"),
                ("nearest_mode", "floor"))
            : graph.Add(
                "Resize", inputs, ("mode", "linear"),
                ("coordinate_transformation_mode", alignCorners ? "align_corners" : "half_pixel"));

        OnnxValue Gather(OnnxValue x, int axis, UpsampleAxis along)
        {
            var pixels = OnnxValue.Integers([.. Enumerable.Range(0, along.Outputs).Select(along.First)]);
            return graph.Add("Gather", [x, pixels], ("axis", axis));
        }
    }

    /// <summary>The factor that yields the number of outputs when the product is rounded down.</summary>
    private static float ScaleOf(UpsampleAxis axis, int inputs, bool bySize)
    {
        var scale = bySize ? (float)axis.Outputs / inputs : 1 / axis.Scale;
        while ((int)(scale * inputs) < axis.Outputs) scale = MathF.BitIncrement(scale);
        while ((int)(scale * inputs) > axis.Outputs) scale = MathF.BitDecrement(scale);
        return scale;
    }

    private UpsampleAxis Axis(Shape x, int axis, int? size, double? factor)
    {
        var inputs = x[axis];
        var outputs = size ?? Math.Floor(inputs * factor!.Value);
        if (outputs is < 1 or > int.MaxValue)
            throw new ShapeException(FormattableString.Invariant(
                $"Upsample: {x} by a factor of {factor} along axis {axis} has an extent of {outputs}."));
        var scale = alignCorners ? outputs > 1 ? (float)(inputs - 1) / (float)(outputs - 1) : 0
            // As PyTorch, whatever the factor: the same extent changes nothing, and twice of it doubles all pixels
            : outputs == inputs ? 1
            : mode == UpsampleMode.Nearest && outputs == 2.0 * inputs ? 0.5f
            : factor is { } f ? (float)(1 / f)
            : (float)inputs / (float)outputs;
        return new(inputs, (int)outputs, scale, alignCorners, mode);
    }
}
