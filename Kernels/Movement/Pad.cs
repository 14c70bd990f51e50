using System.Globalization;

namespace PyNetSharp;

/// <summary>Constant borders.</summary>
public static class PadExtensions
{
    extension(Tensor x)
    {
        /// <summary>With elements of one value before and after those of an axis.</summary>
        /// <param name="amounts">
        /// How many before and after, for the last axes in their order: <c>x.Pad([(1, 1), (0, 2)])</c> adds a row
        /// above and below and two columns at the right of [N, C, H, W]. Unlike PyTorch's <c>pad</c>, which begins at
        /// the last axis, the amounts are written in the order of the extents. A negative amount cuts off.
        /// </param>
        /// <param name="value">Of the new elements.</param>
        /// <exception cref="ShapeException">
        /// There are more amounts than axes, or an extent would be negative.
        /// </exception>
        public Tensor Pad(ReadOnlySpan<(int Before, int After)> amounts, float value = 0)
        {
            var all = new (int Before, int After)[x.Rank];
            if (amounts.Length <= all.Length) amounts.CopyTo(all.AsSpan()[^amounts.Length..]);
            for (var axis = 0; axis < all.Length; axis++)
                if (amounts.Length > all.Length
                    || (long)x.Shape[axis] + Math.Min(all[axis].Before, 0) + Math.Min(all[axis].After, 0) < 0)
                    throw Error(x.Shape, amounts);
            return amounts.Length > all.Length ? throw Error(x.Shape, amounts) : new PadOp(all, value).Apply(x);
        }
    }

    private static ShapeException Error(Shape shape, ReadOnlySpan<(int, int)> amounts) => new(string.Create(
        CultureInfo.InvariantCulture, $"Pad: {shape} cannot be padded by {string.Join(", ", amounts.ToArray())}."));
}

internal sealed class PadOp((int Before, int After)[] amounts, float value) : Op
{
    private Shape input = null!;
    private StridedCopy? copy;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        input = x[0].Shape;
        return [.. input.Select((extent, axis) => checked(extent + amounts[axis].Before + amounts[axis].After))];
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        y.Device.Fill(y.Storage, y.Shape.Size, value);
        copy ??= new(Kept(input, inResult: false), Kept(y.Shape, inResult: true));
        copy.Run(x[0], y);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x)
    {
        int[] pads = [.. amounts.Select(amount => amount.Before), .. amounts.Select(amount => amount.After)];
        return graph.Add("Pad", [x[0], OnnxValue.Integers(pads), OnnxValue.Constant(value)]);
    }

    protected internal override Tensor?[] Backward(Tensor dy)
    {
        var dx = new Tensor(input, dy.Device);
        if (Array.Exists(amounts, amount => amount is not (>= 0, >= 0))) dx.Device.Fill(dx.Storage, input.Size, 0);
        StridedCopy.Run(dy, Kept(dy.Shape, inResult: true), dx, Kept(input, inResult: false));
        return [dx];
    }

    /// <summary>The elements that both have, in either of them.</summary>
    private StridedView Kept(Shape shape, bool inResult)
    {
        var view = StridedView.Of(shape);
        for (var axis = 0; axis < amounts.Length; axis++)
        {
            var (before, after) = amounts[axis];
            var count = input[axis] + Math.Min(before, 0) + Math.Min(after, 0);
            view = view.Slice(axis, Math.Max(0, inResult ? before : -before), count);
        }

        return view;
    }
}
