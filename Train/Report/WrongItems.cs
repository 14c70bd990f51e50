using PyNetSharp.Data;
using PyNetSharp.Models;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>Finds the items that a model classifies wrongly with the highest probabilities.</summary>
internal static class WrongItems
{
    private const int MaxItems = 24, MaxSide = 64;

    /// <summary>An evaluation with its wrong items.</summary>
    /// <param name="items">"test" or "validation"</param>
    /// <param name="weights">Which weights were evaluated.</param>
    /// <param name="result">Of the whole set, in its order.</param>
    /// <param name="set">The evaluated items.</param>
    public static ReportedEvaluation Report(string items, string weights, Evaluation result, Dataset set)
    {
        var classes = result.Classes;
        var wrong = new PriorityQueue<int, double>();       // the least confident first
        for (var i = 0; i < result.Count && classes > 0; i++)
        {
            var (predicted, probability) = Predict(result.Logits.Span.Slice(i * classes, classes));
            if (predicted is null || predicted == set.Labels[i]) continue;
            wrong.Enqueue(i, probability);
            if (wrong.Count > MaxItems) wrong.Dequeue();
        }

        WrongItem[] shown =
        [
            .. wrong.UnorderedItems.OrderByDescending(item => item.Priority).ThenBy(item => item.Element)
                .Select(item => Read(item.Element, result, set)),
        ];
        return new(items, weights, result, set.ClassNames, shown);
    }

    /// <summary>The class with the highest score and its softmax; no class where a score is NaN.</summary>
    private static (int? Class, double Probability) Predict(ReadOnlySpan<float> scores)
    {
        var best = 0;
        for (var k = 1; k < scores.Length; k++)
            if (scores[k] > scores[best]) best = k;
        var sum = 0.0;
        foreach (var score in scores) sum += Math.Exp((double)score - scores[best]);
        return double.IsNaN(sum) ? (null, 0) : (best, 1 / sum);
    }

    private static WrongItem Read(int index, Evaluation result, Dataset set)
    {
        var scores = result.Logits.Slice(index * result.Classes, result.Classes).ToArray();
        var prediction = new Prediction(scores, set.ClassNames);
        var (truth, label) = (set.Labels[index], prediction.Label!.Value);
        PagePicture? image = null;
        if (PagePicture.CanShow(set.ItemShape))
        {
            var values = new float[set.ItemShape.Size];
            set.Read(index, values);
            image = PagePicture.Of(values, set.ItemShape, MaxSide);
        }

        return new(
            index, set.ClassNames[truth], set.ClassNames[label], prediction.Probabilities[label],
            prediction.Probabilities[truth], image);
    }
}
