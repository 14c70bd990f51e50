namespace PyNetSharp.Tests;

/// <content>Variances, along rows and across columns, and sums over the items of a batch of products.</content>
internal static partial class AccumulationCases
{
    private static IEnumerable<AccumulationCase> Variances =>
    [
        .. from n in (int[])[1 << 14, 1 << 20]
           select new AccumulationCase($"Variance of {n}", n, (c, s) =>
           {
               var x = s.Next(n);
               c.CheckVariances(x.Variance(), x, 1);
           }, IsSmall: n == 1 << 14),
        .. from n in (int[])[1 << 13, 1 << 18]
           select new AccumulationCase($"Variance of {n} rows", n, (c, s) =>
           {
               var x = s.Next(n, 3);
               c.CheckVariances(x.Variance([0]), x, 3);
           }, IsSmall: n == 1 << 13),
        new("Gradient of a matrix that a batch shares", 1 << 14, (c, s) =>
        {
            var (a, b, dy) = (s.Next(2, 1), s.Next(1 << 14, 1, 1), s.Next(1 << 14, 2, 1));
            a.MatMul(b).Backward(dy);
            var (factors, gradients) = (b.ToArray(), dy.ToArray());
            for (var row = 0; row < 2; row++)
            {
                var sum = factors.Index().Sum(f => (double)f.Item * gradients[2 * f.Index + row]);
                c.AssertClose(a.Grad!.ToArray()[row], sum, sum, $"row {row}");
            }
        }),
    ];

    /// <remarks>Of equal numbers the variance is about the square of the mean's rounding.</remarks>
    private static void CheckVariances(this AccumulationCase c, Tensor variances, Tensor x, int columns)
    {
        var values = x.ToArray();
        var n = values.Length / columns;
        foreach (var (j, value) in variances.ToArray().Index())
        {
            var (mean, about) = (0.0, 0.0);
            for (var i = j; i < values.Length; i += columns) mean += (double)values[i] / n;
            for (var i = j; i < values.Length; i += columns) about += (values[i] - mean) * (values[i] - mean);
            c.AssertClose(value, about / (n - 1), Math.Max(about / n, 1e-6), $"variance {j}");
        }
    }
}
