namespace PyNetSharp.Tests;

public static partial class OpTable
{
    private static readonly int[] Labels = [4, 0, 2];

    private static OpRow[] Classification =>
    [
        new("Softmax", x => x[0].Softmax(), [3, 19])
        {
            Low = -3,
            High = 3,
            Reference = x => Softmax(x[0]),
            LargeShapes = [[2000, 100]],
        },
        new("Softmax of an image", x => x[0].Softmax(), [2, 5, 3, 4]) { Reference = x => Softmax(x[0]) },
        new("Softmax of large scores", x => x[0].Softmax(), [2, 5])
        {
            Low = 1000,
            High = 1002,
            Reference = x => Softmax(x[0]),
            Tolerance = 1e-2,
        },
        new("LogSoftmax", x => x[0].LogSoftmax(), [3, 19])
        {
            Low = -3,
            High = 3,
            Reference = x => Softmax(x[0]).Map(Math.Log),
            LargeShapes = [[2000, 100]],
        },
        new("LogSoftmax of an image", x => x[0].LogSoftmax(), [2, 5, 3, 4])
        {
            Reference = x => Softmax(x[0]).Map(Math.Log),
        },
        new("CrossEntropy", x => x[0].CrossEntropy(Labels), [3, 19])
        {
            Low = -3,
            High = 3,
            Reference = x => CrossEntropy(x[0], Labels),
        },
        new(
            "CrossEntropy of many",
            x => x[0].CrossEntropy([.. Enumerable.Range(0, x[0].Shape[0]).Select(i => i % 7)]), [2, 10])
        {
            Reference = x => CrossEntropy(x[0], [0, 1]),
            LargeShapes = [[3000, 10]],
        },
    ];

    private static IEnumerable<ShapeErrorRow> ClassificationErrors =>
    [
        new("Softmax", x => x[0].Softmax(), [[5]]),
        new("LogSoftmax", x => x[0].LogSoftmax(), [2, 3, 4]),
        new("CrossEntropy", x => x[0].CrossEntropy(0, 1), [3, 4]),
        new("CrossEntropy", x => x[0].CrossEntropy(0), [1, 4, 1, 1]),
        new("ArgMax", x => { x[0].ArgMax(); return x[0]; }, [[4]]),
        new("CorrectCount", x => { x[0].CorrectCount(1); return x[0]; }, [2, 2]),
    ];

    private static ReferenceTensor Softmax(ReferenceTensor x)
    {
        var max = x.Values.ToArray().Max();
        var exponentials = x.Map(v => Math.Exp(v - max));
        return exponentials.Broadcast(exponentials.Sum(1), (e, sum) => e / sum);
    }

    private static ReferenceTensor CrossEntropy(ReferenceTensor x, int[] labels)
    {
        var p = Softmax(x);
        return new([], [labels.Select((label, i) => -Math.Log(p[i, label])).Average()]);
    }
}
