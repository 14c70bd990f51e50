using System.Globalization;
using System.Runtime.CompilerServices;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Repetition along axes of extent 1.</summary>
public static class ExpandExtensions
{
    extension(Tensor x)
    {
        /// <summary>Repeated along axes of extent 1 and along new axes in front, as PyTorch's <c>expand</c>.</summary>
        /// <param name="extents">
        /// The new extents, aligned at the last axes; −1 keeps that of <paramref name="x"/>.
        /// </param>
        /// <returns>[3, 4] for [3, 1] and extents 3, 4 or −1, 4; its gradient is summed over the repetitions.</returns>
        /// <exception cref="ShapeException">
        /// There are fewer extents than axes, an extent other than 1 would change, or a new axis has −1.
        /// </exception>
        /// <remarks>
        /// It takes the memory of the result, because tensors have no strides. Arithmetic repeats its operands without
        /// that: <c>a + b</c> needs no <c>Expand</c>.
        /// </remarks>
        [OverloadResolutionPriority(1)]
        public Tensor Expand(params ReadOnlySpan<int> extents)
        {
            var (from, to) = (x.Shape, extents.ToArray());
            var fits = to.Length >= from.Rank;
            for (var i = 1; i <= to.Length && fits; i++)
            {
                var extent = i > from.Rank ? 1 : from[^i];
                if (to[^i] == -1 && i <= from.Rank) to[^i] = extent;
                fits = to[^i] >= 0 && (extent == 1 || extent == to[^i]);
            }

            var wanted = extents.ToArray().Select(extent => extent.ToString(CultureInfo.InvariantCulture));
            return fits
                ? new ExpandOp(Shape.Create(to)).Apply(x)
                : throw new ShapeException($"Expand: {from} cannot be repeated to [{string.Join(", ", wanted)}].");
        }

        /// <summary>Repeated to a shape.</summary>
        /// <inheritdoc cref="Expand(Tensor, ReadOnlySpan{int})"/>
        public Tensor Expand(Shape shape)
        {
            ArgumentNullException.ThrowIfNull(shape);
            return x.Expand(shape.AsSpan());
        }
    }
}

internal sealed class ExpandOp(Shape to) : Op
{
    private Shape from = null!;
    private StridedCopy? copy;

    protected internal override bool IsPure => true;

    protected override Shape Infer(ReadOnlySpan<Tensor> x)
    {
        from = x[0].Shape;
        return to;
    }

    protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
    {
        copy ??= new(StridedView.Of(from).Expand(to), StridedView.Of(to));
        copy.Run(x[0], y);
    }

    protected internal override OnnxValue ToOnnx(OnnxGraph graph, ReadOnlySpan<OnnxValue> x) =>
        graph.Add("Expand", [x[0], OnnxValue.Integers(to.AsSpan())]);

    protected internal override Tensor?[] Backward(Tensor dy) => [Broadcast.SumTo(dy, from)];
}
