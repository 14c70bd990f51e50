using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>The classes that scores predict, and how many are correct. No gradient flows through these.</summary>
public static class AccuracyExtensions
{
    extension(Tensor scores)
    {
        /// <summary>The class of each row's highest score: the first of equals, or the first NaN.</summary>
        /// <returns>[N] class numbers, for scores [N, classes].</returns>
        /// <remarks>
        /// As in PyTorch's <c>argmax</c>, NaN is higher than any number. A row with a NaN has a class here, but
        /// <see cref="CorrectCount(Tensor, ReadOnlySpan{int})"/> and <see cref="BatchMetrics.Correct"/> do not count
        /// it.
        /// </remarks>
        /// <exception cref="ShapeException">The scores are not [N, classes], or there are no classes.</exception>
        public int[] ArgMax()
        {
            if (scores.Rank != 2 || scores.Shape[1] == 0)
                throw new ShapeException($"ArgMax: {scores.Shape} is not [N, classes].");
            var (batch, classes) = scores.Shape;
            var values = scores.ToArray();
            return [.. Enumerable.Range(0, batch).Select(i => LogitRows.ArgMax(values.AsSpan(i * classes, classes)))];
        }

        /// <summary>
        /// The number of rows whose highest score (of equals, the first) is that of their label. A row with a NaN is
        /// not counted.
        /// </summary>
        /// <param name="labels">[N] class numbers.</param>
        /// <exception cref="ShapeException">
        /// The scores are not [N, classes], or there is not one label per row.
        /// </exception>
        /// <exception cref="ArgumentOutOfRangeException">A label is outside [0, classes).</exception>
        public int CorrectCount(params ReadOnlySpan<int> labels)
        {
            LogitRows.CheckLabels("CorrectCount", scores.Shape, labels);
            if (labels.IsEmpty) return 0;
            var (classes, values) = (scores.Shape[1], scores.ToArray());
            var correct = 0;
            for (var i = 0; i < labels.Length; i++)
            {
                var row = values.AsSpan(i * classes, classes);
                if (LogitRows.ArgMax(row) == labels[i] && !float.IsNaN(row[labels[i]])) correct++;
            }

            return correct;
        }

        /// <summary>The fraction of rows that <c>CorrectCount</c> counts, in [0, 1]; NaN for an empty batch.</summary>
        /// <inheritdoc cref="CorrectCount(Tensor, ReadOnlySpan{int})"/>
        public double Accuracy(params ReadOnlySpan<int> labels) => (double)scores.CorrectCount(labels) / labels.Length;
    }
}
