namespace PyNetSharp.Layers;

/// <summary>A table of vectors that are trained, looked up by ids: words, for example.</summary>
/// <remarks>
/// As any layer it takes a tensor, whose elements are the ids: whole numbers, which a float holds up to 2²⁴. On a GPU
/// those are copied to the host, which waits for them; with <see cref="Labels"/> nothing waits.
/// </remarks>
public sealed class Embedding : Module
{
    /// <summary>
    /// Draws the table from the standard normal distribution, as <c>torch.nn.Embedding</c> does; the row of padding is
    /// zeros.
    /// </summary>
    /// <param name="count">The number of ids, which are 0 … count − 1; at least 1.</param>
    /// <param name="dim">The length of each vector; at least 1.</param>
    /// <param name="rng">Draws the table.</param>
    /// <param name="paddingIndex">
    /// The id of padding: its row is zeros and gets no gradient. From 0 to count − 1, or null for none.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public Embedding(int count, int dim, Rng rng, int? paddingIndex = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dim);
        ArgumentNullException.ThrowIfNull(rng);
        if (paddingIndex is { } index && (uint)index >= (uint)count)
            throw new ArgumentOutOfRangeException(
                nameof(paddingIndex), index,
                FormattableString.Invariant($"Embedding: the index of padding must be from 0 to {count - 1}."));

        PaddingIndex = paddingIndex;
        var table = Tensor.Normal([count, dim], 0, 1, rng).ToArray();
        if (paddingIndex is { } padding) table.AsSpan(padding * dim, dim).Clear();
        Weight = new(Tensor.From([count, dim], table));
    }

    /// <summary>[count, dim]: a row for each id.</summary>
    public Parameter Weight { get; }

    /// <summary>The id whose row gets no gradient; null if there is none.</summary>
    public int? PaddingIndex { get; }

    /// <summary>The vector of each id.</summary>
    /// <param name="ids">Of any shape; each from 0 to the number of rows − 1.</param>
    /// <returns>[*, dim], where * is the shape of the ids.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is no row of the table.</exception>
    /// <remarks>Forward hooks receive the ids as a tensor of whole numbers.</remarks>
    public Tensor Forward(Labels ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (!HasForwardHooks) return Weight.Embedding(ids, PaddingIndex);
        return ModuleExtensions.Forward(this, Tensor.From(ids.Shape, [.. ids.Select(id => (float)id)], Weight.Device));
    }

    /// <param name="x">The ids, of any shape.</param>
    /// <returns>[*, dim], where * is the shape of the ids.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// An element is no whole number, or no row of the table.
    /// </exception>
    protected override Tensor Forward(Tensor x) => Weight.Embedding(new Labels(x), PaddingIndex);

    /// <inheritdoc/>
    protected override string Describe() =>
        FormattableString.Invariant($"{Weight.Shape[0]}, {Weight.Shape[1]}") +
        (PaddingIndex is { } index ? FormattableString.Invariant($", padding_idx={index}") : "");
}
