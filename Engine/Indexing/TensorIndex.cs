using System.Globalization;

namespace PyNetSharp;

/// <summary>What a tensor is indexed by along one axis: a number, a range, all, or a new axis.</summary>
/// <remarks>
/// The conversions make it, and its name is never written: <c>x[1..3, .., ^1]</c>. A number counts from the end if it
/// is negative, as <c>^</c> does: <c>x[-1]</c> is <c>x[^1]</c>.
/// </remarks>
public readonly struct TensorIndex
{
    private readonly Kind kind;
    private readonly Range range;

    private TensorIndex(Kind kind, Range range) => (this.kind, this.range) = (kind, range);

    private enum Kind
    {
        Whole,
        Single,
        Range,
        NewAxis,
        Ellipsis,
    }

    /// <summary>An axis of extent 1 at this place, as NumPy's newaxis and PyTorch's None.</summary>
    public static TensorIndex NewAxis { get; } = new(Kind.NewAxis, default);

    /// <summary>As many whole axes as the others leave: PyTorch's <c>...</c>; at most one.</summary>
    public static TensorIndex Ellipsis { get; } = new(Kind.Ellipsis, default);

    /// <summary>One index of an axis, which is removed; a negative one counts from the end.</summary>
    public static implicit operator TensorIndex(int index) => (Index)(index < 0 ? ^-index : index);

    /// <summary>One index of an axis, which is removed.</summary>
    public static implicit operator TensorIndex(Index index) => new(Kind.Single, new(index, index));

    /// <summary>A part of an axis; <c>..</c> is all of it.</summary>
    public static implicit operator TensorIndex(Range range) =>
        range.Equals(Range.All) ? default : new(Kind.Range, range);

    /// <summary>As it is written between brackets.</summary>
    public override string ToString() => kind switch
    {
        Kind.Whole => "..",
        Kind.Single => $"{range.Start}",
        Kind.Range => $"{range}",
        _ => $"{kind}",
    };

    /// <summary>The elements that indices select from a tensor of this shape.</summary>
    /// <exception cref="ShapeException">There are more indices than axes, or two ellipses.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index or a range is not within its axis.</exception>
    internal static StridedView Resolve(Shape shape, ReadOnlySpan<TensorIndex> indices)
    {
        var all = StridedView.Of(shape);
        var (extents, strides, start, axis) = (new List<int>(), new List<int>(), 0, 0);
        var rest = shape.Rank - CountAxes(shape, indices);
        foreach (var index in indices)
            if (index.kind == Kind.NewAxis) Add(1, 0);
            else if (index.kind == Kind.Single) start += IndexIn(index.range.Start, shape, axis) * all.Strides[axis++];
            else if (index.kind == Kind.Range)
            {
                var (first, count) = RangeIn(index.range, shape, axis);
                start += first * all.Strides[axis];
                Add(count, all.Strides[axis++]);
            }
            else
                AddWhole(index.kind == Kind.Whole ? 1 : rest);

        AddWhole(shape.Rank - axis);
        return new([.. extents], [.. strides], start);

        void AddWhole(int count)
        {
            for (; count > 0; count--, axis++) Add(shape[axis], all.Strides[axis]);
        }

        void Add(int extent, int stride)
        {
            extents.Add(extent);
            strides.Add(stride);
        }
    }

    /// <summary>The first index and the number of indices of a range of an axis.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the axis.</exception>
    internal static (int First, int Count) RangeIn(Range range, Shape shape, int axis)
    {
        var (first, end) = (range.Start.GetOffset(shape[axis]), range.End.GetOffset(shape[axis]));
        return first >= 0 && first <= end && end <= shape[axis]
            ? (first, end - first)
            : throw new ArgumentOutOfRangeException(
                nameof(range), range,
                Message($"Slice: {range} is not within 0..{shape[axis]}, axis {axis} of {shape}."));
    }

    private static int CountAxes(Shape shape, ReadOnlySpan<TensorIndex> indices)
    {
        var (axes, ellipses) = (0, 0);
        foreach (var index in indices)
            if (index.kind == Kind.Ellipsis) ellipses++;
            else if (index.kind != Kind.NewAxis) axes++;
        if (axes > shape.Rank) throw new ShapeException(Message($"Slice: {axes} indices for the shape {shape}."));
        return ellipses <= 1 ? axes : throw new ShapeException(Message($"Slice: {ellipses} ellipses for {shape}."));
    }

    private static string Message(FormattableString message) => message.ToString(CultureInfo.InvariantCulture);

    /// <exception cref="ArgumentOutOfRangeException">The index is not within the axis.</exception>
    private static int IndexIn(Index index, Shape shape, int axis)
    {
        var offset = index.GetOffset(shape[axis]);
        return offset >= 0 && offset < shape[axis]
            ? offset
            : throw new ArgumentOutOfRangeException(
                nameof(index), index,
                Message($"Slice: {index} is not an index of axis {axis} of {shape}, which has {shape[axis]}."));
    }
}
