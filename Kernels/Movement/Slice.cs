using System.Globalization;
using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>Parts along an axis that a variable names; else the indexer reads better: <c>x[.., 1..3]</c>.</summary>
public static class SliceExtensions
{
    extension(Tensor x)
    {
        /// <summary>A part of one axis: <c>x.Slice(1, 2..^1, step: 3)</c>. Copied, as by the indexer.</summary>
        /// <param name="axis">−1 is the last.</param>
        /// <param name="range">Within the axis.</param>
        /// <param name="step">From 1 up: every how manieth is taken.</param>
        /// <returns>The extent of the axis is the length of the range divided by the step, rounded up.</returns>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        /// <exception cref="ArgumentOutOfRangeException">
        /// The range is not within the axis, or the step is below 1.
        /// </exception>
        public Tensor Slice(int axis, Range range, int step = 1)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
            var i = Axes.Resolve("Slice", x.Shape, axis);
            var (first, count) = TensorIndex.RangeIn(range, x.Shape, i);
            return Part("Slice", x, i, first, (int)(((long)count + step - 1) / step), step);
        }

        /// <summary>
        /// <paramref name="length"/> indices of an axis from <paramref name="start"/> on, as PyTorch's <c>narrow</c>.
        /// </summary>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The part is not within the axis.</exception>
        public Tensor Narrow(int axis, int start, int length)
        {
            var i = Axes.Resolve("Narrow", x.Shape, axis);
            if (start < 0 || start > x.Shape[i]) throw OutOfRange(nameof(start), start, x.Shape[i]);
            if (length < 0 || length > x.Shape[i] - start) throw OutOfRange(nameof(length), length, x.Shape[i] - start);
            return Part("Narrow", x, i, start, length, 1);

            ArgumentOutOfRangeException OutOfRange(string name, int value, int max) => new(
                name, value, string.Create(
                    CultureInfo.InvariantCulture,
                    $"Narrow: the {name} {value} is not from 0 to {max}, along axis {i} of {x.Shape}."));
        }

        /// <summary>
        /// One index of an axis, which is removed, as PyTorch's <c>select</c>; a negative one counts from the end.
        /// </summary>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The index is not within the axis.</exception>
        public Tensor Select(int axis, int index)
        {
            var indices = new TensorIndex[Axes.Resolve("Select", x.Shape, axis) + 1];      // default: a whole axis
            indices[^1] = index;
            return new SliceOp(TensorIndex.Resolve(x.Shape, indices), "Select").Apply(x);
        }

        /// <summary>Consecutive parts of <paramref name="size"/> indices of an axis; the last may be shorter.</summary>
        /// <param name="size">From 1 up.</param>
        /// <param name="axis">−1 is the last.</param>
        /// <returns>At least one part; PyTorch's <c>split</c>, but copies.</returns>
        /// <exception cref="ShapeException">There is no such axis.</exception>
        /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
        /// <inheritdoc cref="Split(Tensor, ReadOnlySpan{int}, int)" path="/remarks"/>
        public Tensor[] Split(int size, int axis = 0)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
            var extent = x.Shape[Axes.Resolve("Split", x.Shape, axis)];
            var sizes = new int[Math.Max(1, (int)(((long)extent + size - 1) / size))];
            for (var i = 0; i < sizes.Length; i++) sizes[i] = Math.Min(size, extent - i * size);
            return x.Split(sizes, axis);
        }

        /// <summary>Consecutive parts of given sizes along an axis.</summary>
        /// <param name="sizes">From 0 up, together the extent of the axis.</param>
        /// <param name="axis">−1 is the last.</param>
        /// <exception cref="ShapeException">There is no such axis, or the sizes do not fill it.</exception>
        /// <remarks>
        /// The gradient of each part is as large as <paramref name="x"/>, and they are added: for very many parts,
        /// <c>Reshape</c> or <c>Unsqueeze</c> and a computation on all of them at once is faster.
        /// </remarks>
        public Tensor[] Split(ReadOnlySpan<int> sizes, int axis = 0)
        {
            var i = Axes.Resolve("Split", x.Shape, axis);
            var total = 0L;
            foreach (var size in sizes) total = size < 0 ? -1L << 32 : total + size;
            if (total != x.Shape[i] || sizes.IsEmpty)
                throw new ShapeException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Split: sizes {string.Join(", ", sizes.ToArray())} do not fill axis {i} of {x.Shape}."));
            var (parts, start) = (new Tensor[sizes.Length], 0);
            for (var part = 0; part < parts.Length; start += sizes[part++])
                parts[part] = Part("Split", x, i, start, sizes[part], 1);
            return parts;
        }
    }

    private static Tensor Part(string op, Tensor x, int axis, int first, int count, int step) =>
        new SliceOp(StridedView.Of(x.Shape).Slice(axis, first, count, step), op).Apply(x);
}
