using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <content>Parts of a tensor by indices and ranges.</content>
public partial class Tensor
{
    /// <summary>
    /// A copy of a part: <c>x[0]</c>, <c>x[1..3, .., ^1]</c>, <c>x[TensorIndex.Ellipsis, 0]</c>. A gradient flows
    /// through.
    /// </summary>
    /// <param name="indices">
    /// One per axis, from the first: a number removes its axis, a range keeps it, <c>..</c> keeps it whole; axes
    /// without an index stay whole. <see cref="TensorIndex.NewAxis"/> adds an axis of extent 1.
    /// </param>
    /// <returns>
    /// [2, 3] for <c>x[1..3, .., ^1]</c> and a tensor [5, 3, 4]. A tensor without axes is a scalar, shape [].
    /// </returns>
    /// <exception cref="ShapeException">There are more indices than axes, or two ellipses.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// An index or a range is not within its axis: unlike in Python, ranges are not cut off.
    /// </exception>
    /// <remarks>
    /// Elements cannot be assigned through it: <see cref="CopyFrom(ReadOnlySpan{float})"/> overwrites a whole tensor.
    /// It is a copy, not a view as in PyTorch, unless every element is selected and the order in storage stays.
    /// </remarks>
    [IndexerName("Elements")]       // Item is a method
    public Tensor this[params ReadOnlySpan<TensorIndex> indices] =>
        new SliceOp(TensorIndex.Resolve(Shape, indices)).Apply(this);
}
