using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>How well one class is recognized.</summary>
/// <param name="Count">The items of the class.</param>
/// <param name="Precision">The share of those predicted as the class that are of it; null if there are none.</param>
/// <param name="Recall">The share of the class's items that were predicted as it; null if there are none.</param>
internal sealed record ClassScores(int Count, double? Precision, double? Recall)
{
    /// <summary>
    /// The harmonic mean of precision and recall; 0 where one of them is 0, null where neither is known.
    /// </summary>
    public double? F1 => (Precision, Recall) switch
    {
        (null, null) => null,
        var (p, r) => (p ?? 0) + (r ?? 0) is > 0 and var sum ? 2 * (p ?? 0) * (r ?? 0) / sum : 0,
    };

    /// <summary>The scores of each class.</summary>
    public static IReadOnlyList<ClassScores> Of(Evaluation result)
    {
        var predicted = new int[result.Classes];
        for (var truth = 0; truth < result.Classes; truth++)
            for (var k = 0; k < result.Classes; k++)
                predicted[k] += result[truth, k];
        return
        [
            .. Enumerable.Range(0, result.Classes).Select(k => new ClassScores(
                result.ClassCount(k), predicted[k] > 0 ? (double)result[k, k] / predicted[k] : null,
                result.ClassAccuracy(k))),
        ];
    }

    /// <summary>The mean over the classes for which a score is known; null if there are none.</summary>
    public static double? Mean(IEnumerable<ClassScores> classes, Func<ClassScores, double?> score) =>
        classes.Select(score).Where(value => value is not null).Average();
}
