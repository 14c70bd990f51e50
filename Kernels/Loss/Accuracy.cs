using PyNetSharp.Kernels;

namespace PyNetSharp;

/// <summary>What a classifier's scores say, and how often that is right. No gradient flows through these.</summary>
public static class AccuracyExtensions
{
    extension(Tensor scores)
    {
        /// <summary>Each row's class of the highest score: the first of equals, or the first NaN.</summary>
        /// <returns>[batch] class numbers, for scores [batch, classes].</returns>
        /// <remarks>
        /// As PyTorch's <c>argmax</c>, which finds a NaN before any number. So a row with a NaN has a class here, but
        /// <see cref="CorrectCount(Tensor, ReadOnlySpan{int})"/> and what else counts right answers never counts it.
        /// </remarks>
        /// <exception cref="ShapeException">The scores are not [batch, classes], or there are no classes.</exception>
        public int[] ArgMax()
        {
            if (scores.Rank != 2 || scores.Shape[1] == 0) throw new ShapeException($"ArgMax: {scores.Shape} is not [batch, classes].");
            var (batch, classes) = scores.Shape;
            var values = scores.ToArray();
            return [.. Enumerable.Range(0, batch).Select(i => LogitRows.ArgMax(values.AsSpan(i * classes, classes)))];
        }

        /// <summary>
        /// How many rows score their label highest, of equals the first. A row with a NaN is never right.
        /// </summary>
        /// <param name="labels">[batch] class numbers.</param>
        /// <exception cref="ShapeException">The scores are not [batch, classes], or there is not one label per row.</exception>
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

        /// <summary>The fraction of rows that score their label highest, in [0, 1]; NaN of an empty batch.</summary>
        /// <inheritdoc cref="CorrectCount(Tensor, ReadOnlySpan{int})"/>
        public double Accuracy(params ReadOnlySpan<int> labels) => (double)scores.CorrectCount(labels) / labels.Length;
    }
}
