namespace PyNetSharp.Tests;

/// <content>Losses of many items, elements or classes.</content>
internal static partial class AccumulationCases
{
    private static IEnumerable<AccumulationCase> Losses =>
    [
        .. from n in (int[])[1 << 16, 1 << 20]
           select new AccumulationCase($"L1Loss of {n}", n, (c, s) =>
           {
               var x = s.Next(n);
               var right = x.ToArray().Sum(v => (double)v);
               var target = Tensor.Zeros([n], s.Device);
               c.AssertClose(x.L1Loss(target, LossReduction.Sum).Item(), right, right, "sum");
               c.AssertClose(x.L1Loss(target).Item(), right / n, right / n, "mean");
           }, IsSmall: n == 1 << 16),
        new("NllLoss of many items, weighted", 1 << 18, (c, s) =>
        {
            var (x, weight) = (s.Next(1 << 18, 2), Tensor.From([2], [0.3f, 0.7f], s.Device));
            int[] labels = [.. Enumerable.Range(0, 1 << 18).Select(i => i % 3 % 2)];
            var values = x.ToArray();
            double sum = 0, weights = 0;
            foreach (var (i, label) in labels.Index())
            {
                double w = label == 0 ? 0.3f : 0.7f;
                (sum, weights) = (sum + w * values[2 * i + label], weights + w);
            }

            c.AssertClose(
                -x.NllLoss(new Labels(labels), weight).Item(), sum / weights, 2 * sum / weights, "of two sums");
        }),
        new("CrossEntropy of many items, smoothed", 1 << 18, (c, s) =>
        {
            var x = s.Next(1 << 18, 2);
            var loss = x.ToArray().Chunk(2).Average(row => 0.95 * Loss(row[1] - row[0]) + 0.05 * Loss(row[0] - row[1]));
            var labels = new Labels(new int[1 << 18]);
            c.AssertClose(x.CrossEntropy(labels, labelSmoothing: 0.1f).Item(), loss, loss, "loss");

            static double Loss(double d) => Math.Log(1 + Math.Exp(d));
        }),
        new("CrossEntropy over many classes, smoothed", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1 << 18);
            var values = x.ToArray();
            var log = Math.Log(values.Sum(v => Math.Exp(v)));
            var loss = 0.9 * (log - values[7]) + 0.1 * (log - values.Average(v => (double)v));
            c.AssertClose(x.CrossEntropy(new Labels([7]), labelSmoothing: 0.1f).Item(), loss, loss, "loss");
        }, IsSmall: true),
    ];
}
