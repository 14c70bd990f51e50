namespace PyNetSharp;

/// <summary>Rows of a table by their numbers.</summary>
public static class EmbeddingExtensions
{
    extension(Tensor table)
    {
        /// <summary>The row of each id, as PyTorch's <c>embedding</c>.</summary>
        /// <param name="ids">Each from 0 to the number of rows − 1; of any shape.</param>
        /// <param name="paddingIndex">
        /// The id of padding, whose row gets no gradient, so that training does not change it; null for none.
        /// </param>
        /// <returns>[*, dim], where * is the shape of the ids, for a table of shape [rows, dim].</returns>
        /// <exception cref="ShapeException">The table is no matrix.</exception>
        /// <exception cref="ArgumentOutOfRangeException">
        /// An id, or the <paramref name="paddingIndex"/>, is no row of the table.
        /// </exception>
        /// <remarks>
        /// The gradient has the table's size. Gradients of an id that occurs several times are added in the order of
        /// the ids, which is the same at every run.
        /// </remarks>
        public Tensor Embedding(Labels ids, int? paddingIndex = null)
        {
            ArgumentNullException.ThrowIfNull(ids);
            if (table.Rank != 2)
                throw new ShapeException($"Embedding: the table {table.Shape} of ids {ids.Shape} is no matrix.");
            if (paddingIndex is { } padding) CheckId(table, nameof(paddingIndex), padding);
            foreach (var id in ids.Span) CheckId(table, nameof(ids), id);

            var rows = new IndexSelectOp(0, ids.Span.ToArray(), paddingIndex) { IndexSource = ids.Source }.Apply(table);
            using var temporary = new TemporaryTensor(rows);
            return rows.Reshape([.. ids.Shape, table.Shape[1]]);
        }
    }

    private static void CheckId(Tensor table, string name, int id)
    {
        if ((uint)id >= (uint)table.Shape[0])
            throw new ArgumentOutOfRangeException(name, id, FormattableString.Invariant(
                $"Embedding: the id {id} is outside 0 … {table.Shape[0] - 1}, the rows of {table.Shape}."));
    }
}
