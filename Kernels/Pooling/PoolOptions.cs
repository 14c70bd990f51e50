using System.Globalization;
using System.Runtime.InteropServices;

namespace PyNetSharp.Kernels;

/// <summary>The windows that a caller of a pooling op asks for, as (height, width) pairs.</summary>
/// <param name="op">The op's name, for messages.</param>
/// <param name="kernel">The window's extents, at least 1.</param>
/// <param name="stride">From one window to the next, at least 1; null for the kernel's extents.</param>
/// <param name="padding">On each side, at most half the kernel, so that every window covers an input.</param>
/// <param name="ceilMode">Whether the last window may reach beyond the far padding.</param>
/// <param name="dilation">From one input of a window to the next, at least 1; null for 1.</param>
internal sealed class PoolOptions(
    string op, (int Height, int Width) kernel, (int Height, int Width)? stride, (int Height, int Width) padding,
    bool ceilMode, (int Height, int Width)? dilation = null)
{
    private readonly (int Height, int Width) kernel = AtLeastOne(op, nameof(kernel), kernel);
    private readonly (int Height, int Width) stride = AtLeastOne(op, nameof(stride), stride ?? kernel);
    private readonly (int Height, int Width) padding = AtMostHalf(op, padding, kernel);
    private readonly (int Height, int Width) dilation = AtLeastOne(op, nameof(dilation), dilation ?? (1, 1));

    /// <summary>The windows over a tensor of shape <paramref name="x"/>, [N, C, H, W].</summary>
    /// <exception cref="ShapeException">
    /// The rank is not 4, there are no channels or no pixels, or the window does not fit.
    /// </exception>
    public PoolGeometry GeometryFor(Shape x, bool countPadding = false)
    {
        if (x.Rank != 4) throw new ShapeException($"{op}: expected N×C×H×W, got {x}.");
        if (x[1] == 0 || x[2] == 0 || x[3] == 0)        // with padding a window would fit, but contain no input
            throw new ShapeException($"{op}: expected at least one channel and one pixel, got {x}.");
        return AxisFor(x[2], pair => pair.Height, countPadding) is { } rows
            && AxisFor(x[3], pair => pair.Width, countPadding) is { } columns
            ? new(x, rows, columns)
            : throw new ShapeException(
                $"{op}: a kernel of {Format(kernel)} with padding {Format(padding)}" +
                $"{(dilation == (1, 1) ? "" : $" and dilation {Format(dilation)}")} does not fit into {x}.");
    }

    /// <summary>
    /// The operator; its padding at the ends reaches as far as the windows do, so that no version's rule for the ceil
    /// mode matters.
    /// </summary>
    /// <param name="graph">Takes it.</param>
    /// <param name="x">The images.</param>
    /// <param name="geometry">Of this op.</param>
    /// <param name="countPadding">Of an average, whether the padding counts; null for a maximum.</param>
    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue x, PoolGeometry geometry, bool? countPadding = null)
    {
        var shape = geometry.InputShape;
        var (bottom, right) = (
            EndPadding(shape[2], geometry.Rows.Outputs, kernel.Height, stride.Height, padding.Height, dilation.Height),
            EndPadding(shape[3], geometry.Columns.Outputs, kernel.Width, stride.Width, padding.Width, dilation.Width));
        int[] pads = [padding.Height, padding.Width, bottom, right];
        List<(string, object)> attributes =
        [
            ("kernel_shape", (int[])[kernel.Height, kernel.Width]), ("strides", (int[])[stride.Height, stride.Width]),
        ];
        if (countPadding is null) attributes.Add(("dilations", (int[])[dilation.Height, dilation.Width]));
        else if (countPadding.Value && (bottom, right) != padding && padding != (0, 0))
        {
            // The padding counts, and what is beyond it does not
            int[] counted = [0, 0, padding.Height, padding.Width, 0, 0, padding.Height, padding.Width];
            x = graph.Add("Pad", [x, OnnxValue.Integers(counted)]);
            pads = [0, 0, bottom - padding.Height, right - padding.Width];
        }
        else if (countPadding.Value && (bottom, right) == padding) attributes.Add(("count_include_pad", 1));

        attributes.Add(("pads", pads));
        return graph.Add(
            countPadding is null ? "MaxPool" : "AveragePool", [x], CollectionsMarshal.AsSpan(attributes));
    }

    private static int EndPadding(int inputs, int outputs, int kernel, int stride, int padding, int dilation) =>
        Math.Max(padding, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - inputs - padding);

    private PoolAxis? AxisFor(int inputs, Func<(int Height, int Width), int> of, bool countPadding) => PoolAxis.Strided(
        inputs, of(kernel), of(stride), of(padding), of(dilation), ceilMode, countPadding);

    private static (int, int) AtLeastOne(string op, string name, (int Height, int Width) value) => value is (>= 1, >= 1)
        ? value
        : throw new ArgumentOutOfRangeException(
            name, Format(value), $"{op}: {name} must be at least 1 along both axes.");

    private static (int, int) AtMostHalf(string op, (int Height, int Width) padding, (int Height, int Width) kernel) =>
        padding is (>= 0, >= 0) && padding.Height <= kernel.Height / 2 && padding.Width <= kernel.Width / 2
            ? padding
            : throw new ArgumentOutOfRangeException(
                nameof(padding), Format(padding),
                $"{op}: padding must be from 0 to half the kernel, which is {Format(kernel)}.");

    private static string Format((int Height, int Width) pair) =>
        string.Create(CultureInfo.InvariantCulture, $"{pair.Height}×{pair.Width}");
}
