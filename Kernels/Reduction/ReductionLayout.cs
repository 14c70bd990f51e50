namespace PyNetSharp.Kernels;

/// <summary>
/// A reduction over any axes as one of a block [outer, n, inner] to [outer, inner]: in place where the reduced axes are
/// neighbors in storage, else in a copy that has them last.
/// </summary>
internal sealed class ReductionLayout
{
    private readonly Shape shape;
    private readonly int[]? order;      // of the axes in the copy; null if the tensor is such a block itself

    /// <param name="shape">Of the tensor that is reduced.</param>
    /// <param name="reduced">True for each axis to reduce.</param>
    /// <param name="inRows">Whether what is reduced must be contiguous: then inner is 1.</param>
    public ReductionLayout(Shape shape, bool[] reduced, bool inRows = false)
    {
        this.shape = shape;
        int[] stored = [.. Layout.StorageOrder(shape.Rank)];
        int[] kept = [.. stored.Where(axis => !reduced[axis])], summed = [.. stored.Where(axis => reduced[axis])];
        N = Product(summed);

        // Axes of extent 1 do not separate others
        int[] wide = [.. stored.Where(axis => shape[axis] != 1)];
        var (first, last) = (
            Array.FindIndex(wide, axis => reduced[axis]), Array.FindLastIndex(wide, axis => reduced[axis]));
        var isBlock = first < 0 || Array.TrueForAll(wide[first..(last + 1)], axis => reduced[axis]);
        (Outer, Inner) = first < 0 ? (Product(kept), 1) : (Product(wide[..first]), Product(wide[(last + 1)..]));
        if (isBlock && !(inRows && Inner != 1)) return;
        (Outer, Inner, order) = (Product(kept), 1, [.. kept, .. summed]);
    }

    public int Outer { get; }

    /// <summary>The number of elements that are reduced to one.</summary>
    public int N { get; }

    public int Inner { get; }

    /// <summary>The tensor as a block, with its content: a view of it, or a copy. The caller releases it.</summary>
    public Tensor Read(Tensor x)
    {
        var block = Allocate(x);
        if (order is not null)
            StridedCopy.Run(x, StridedView.Of(shape).Permute(order), block, ViewOf());
        return block;
    }

    /// <summary>
    /// As <see cref="Read"/>, of arbitrary content: to be filled, and then handed to <see cref="Write"/>.
    /// </summary>
    public Tensor Allocate(Tensor x) =>
        order is null ? new([Outer, N, Inner], x.Storage.Retain()) : new([Outer, N, Inner], x.Device);

    /// <summary>Copies a block's content to the tensor, if it is not a view of it.</summary>
    public void Write(Tensor block, Tensor x)
    {
        if (order is not null) StridedCopy.Run(block, ViewOf(), x, StridedView.Of(shape).Permute(order));
    }

    private StridedView ViewOf() => StridedView.RowMajor([.. order!.Select(axis => shape[axis])]);

    private int Product(IEnumerable<int> axes) => axes.Aggregate(1, (product, axis) => product * shape[axis]);
}
