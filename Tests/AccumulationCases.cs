using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Ops that add very many numbers, each with what it must yield, in double.</summary>
/// <remarks>
/// One addition rounds a sum by at most u = 2⁻²⁴ of its size. n additions one after the other are off by up to n·u, and
/// where the errors are independent, by about √n·u (Higham and Mary, 2019). In blocks of b terms, whose sums are added
/// in double or in blocks again, it is about √b·u. Hence the bound for numbers that were drawn: a quarter of √n·u, and
/// two roundings of the result, of the sum of all terms' sizes. Equal terms err to one side as long as their sum stays
/// between two powers of two, by a quarter of u each on average: hence √n·u and a quarter of b·u for the longest block.
/// Sums in one chain of some ten thousand terms are beyond both.
/// </remarks>
internal static partial class AccumulationCases
{
    private const double UnitRoundoff = 1.0 / (1 << 24);
    private const int Block = 512;

    /// <summary>
    /// A GPU adds the products of a split-K slice in one register: a second register for blocks would halve its tiles.
    /// </summary>
    private const int GpuAccumulationLength = 1 << 14;

    /// <param name="Name">What is summed.</param>
    /// <param name="Terms">How many numbers go into each sum.</param>
    /// <param name="Check">Computes on a device, and compares.</param>
    /// <param name="IsSmall">Whether an emulated device does it in a moment.</param>
    /// <param name="Growth">By how much an algorithm's terms are larger than the definition's.</param>
    public sealed record AccumulationCase(
        string Name, long Terms, Action<AccumulationCase, InputSource> Check, bool IsSmall = false, double Growth = 1)
    {
        /// <summary>Whether the terms are drawn; else they are equal.</summary>
        public bool IsDrawn { get; init; }

        /// <summary>How many terms are added in one chain, at most.</summary>
        public int LongestBlock { get; init; } = Block;

        /// <summary>The same on a GPU.</summary>
        public int LongestBlockOnGpu { get; init; } = Block;

        /// <summary>How far off a sum may be whose terms have sizes that sum to <paramref name="size"/>.</summary>
        public double ErrorBound(double size)
        {
            var roundings = IsDrawn
                ? Math.Sqrt(Terms) / 4 + 2
                : Math.Sqrt(Terms) + Math.Min(Terms, LongestBlock) / 4.0;
            return roundings * Growth * UnitRoundoff * size;
        }

        public void AssertClose(double actual, double expected, double size, string what) =>
            Assert.That(actual, Is.EqualTo(expected).Within(ErrorBound(size)), () =>
                $"{what}: {Math.Abs(actual - expected) / size / UnitRoundoff:F1} u, " +
                $"{ErrorBound(size) / size / UnitRoundoff:F1} allowed");

        public override string ToString() => Name;
    }

    /// <summary>Where the numbers come from: drawn from [0, 1), or all one tenth.</summary>
    public sealed class InputSource(Device device, bool isDrawn)
    {
        private readonly Rng rng = new(17);

        public Device Device => device;

        public Tensor Next(params int[] extents)
        {
            var shape = Shape.Create(extents);
            var x = isDrawn ? Tensor.Uniform(shape, 0, 1, rng, device) : Tensor.Full(shape, 0.1f, device);
            x.RequiresGrad = true;
            return x;
        }
    }

    public static IEnumerable<AccumulationCase> All =>
    [
        .. Reductions, .. Others, .. Normalizations,
        .. from product in (AccumulationCase[])[.. Products, .. Convolutions, .. GroupedConvolutions, .. Gradients]
           select product with { LongestBlockOnGpu = GpuAccumulationLength },
    ];

    private static IEnumerable<AccumulationCase> Reductions =>
    [
        .. from n in (int[])[1 << 16, 1 << 20]
           select new AccumulationCase(
               $"Sum of {n}", n, (c, s) => { var x = s.Next(n); c.CheckSums(x.Sum(), x, 1, 1); },
               IsSmall: n == 1 << 16),
        new("Mean", 1 << 20, (c, s) => { var x = s.Next(1 << 20); c.CheckSums(x.Mean(), x, 1, 1 << 20); }),
        .. from n in (int[])[1 << 14, 1 << 18]
           select new AccumulationCase(
               $"Sum over {n} rows", n, (c, s) => { var x = s.Next(n, 4); c.CheckSums(x.Sum([0]), x, 4, 1); },
               IsSmall: n == 1 << 14),
        new("Sum over the rows of 33 columns", 1 << 17, (c, s) =>
        {
            var x = s.Next(1 << 17, 33);
            c.CheckSums(x.Sum([0]), x, 33, 1);
        }),
        new("Gradient of a broadcast row", 1 << 18, (c, s) =>
        {
            var (dy, b) = (s.Next(1 << 18, 3), s.Next(3));
            (s.Next(1 << 18, 3) + b).Backward(dy);
            c.CheckSums(b.Grad!, dy, 3, 1);
        }),
        .. Variances,
        new("AvgPool2d of one row", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1, 1, 1 << 18);
            c.CheckSums(x.AvgPool2d((1, 1 << 18)), x, 1, 1 << 18);
        }, IsSmall: true),
        new("AdaptiveAvgPool2d of a column", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1, 1 << 18, 1);
            c.CheckSums(x.AdaptiveAvgPool2d(1, 1), x, 1, 1 << 18);
        }, IsSmall: true),
        new("GlobalAvgPool2d", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1, 512, 512);
            c.CheckSums(x.GlobalAvgPool2d(), x, 1, 1 << 18);
        }, IsSmall: true),
        new("Gradient of overlapping means", 8001, (c, s) =>
        {
            var x = s.Next(1, 1, 1, 16001);
            var dy = s.Next(1, 1, 1, 8001);
            x.AvgPool2d((1, 8001), (1, 1)).Backward(dy);
            var (middle, sum) = (x.Grad!.ToArray()[8000], dy.ToArray().Sum(v => v / 8001.0));
            c.AssertClose(middle, sum, sum, "middle");
        }, IsSmall: true),
    ];

    private static IEnumerable<AccumulationCase> Others =>
    [
        .. from n in (int[])[1 << 13, 1 << 18]
           from test in (Action<AccumulationCase, InputSource, int>[])[Statistics, BatchNormGradients]
           select new AccumulationCase(
               $"BatchNorm of {n}: {test.Method.Name}", n, (c, s) => test(c, s, n), IsSmall: n == 1 << 13),
        new("Softmax and its gradient", 1 << 18, (c, s) =>
        {
            var (x, dy) = (s.Next(1, 1 << 18), s.Next(1, 1 << 18));
            var y = x.Softmax().Keep();
            var exponentials = x.ToArray().Select(v => Math.Exp(v)).ToArray();
            var (p, sum, gradients) = (y.ToArray(), exponentials.Sum(), dy.ToArray());
            c.AssertClose(p[5], exponentials[5] / sum, exponentials[5] / sum, "probability");
            var (right, size) = (0.0, 0.0);
            foreach (var (i, e) in exponentials.Index()) right += e / sum * gradients[i];
            y.Backward(dy);
            size = p[5] * (right + gradients[5]);
            c.AssertClose(x.Grad!.ToArray()[5], exponentials[5] / sum * (gradients[5] - right), size, "gradient");
        }, IsSmall: true),
        new("LogSoftmax and its gradient", 1 << 18, (c, s) =>
        {
            var (x, dy) = (s.Next(1, 1 << 18), s.Next(1, 1 << 18));
            var y = x.LogSoftmax().Keep();
            var (values, gradients) = (x.ToArray(), dy.ToArray());
            var log = Math.Log(values.Sum(v => Math.Exp(v)));
            c.AssertClose(y.ToArray()[5], values[5] - log, 1, "logarithm");
            y.Backward(dy);
            var right = Math.Exp(values[5] - log) * gradients.Sum(v => (double)v);
            c.AssertClose(x.Grad!.ToArray()[5], gradients[5] - right, gradients[5] + right, "gradient");
        }, IsSmall: true),
        new("CrossEntropy over many classes", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1 << 18);
            c.AssertClose(
                x.CrossEntropy(7).Item(), Math.Log(x.ToArray().Sum(v => Math.Exp(v))) - x.ToArray()[7], 1, "loss");
        }, IsSmall: true),
        new("CrossEntropy of many items", 1 << 18, (c, s) =>
        {
            var x = s.Next(1 << 18, 2);
            var loss = x.ToArray().Chunk(2).Average(row => Math.Log(1 + Math.Exp((double)row[1] - row[0])));
            c.AssertClose(x.CrossEntropy(new int[1 << 18]).Item(), loss, loss, "loss");
        }),
        .. Losses,
        .. from n in (int[])[1 << 16, 1 << 20]
           select new AccumulationCase($"ClipGradNorm of {n}", n, (c, s) =>
           {
               var (p, dy) = (new Parameter(Tensor.Zeros([n], s.Device)), s.Next(n));
               (p + 0).Backward(dy);
               var norm = Math.Sqrt(dy.ToArray().Sum(v => (double)v * v));
               c.AssertClose(new[] { p }.ClipGradNorm(1e9f), norm, norm, "norm");
           }, IsSmall: n == 1 << 16),
    ];

    private static void Statistics(AccumulationCase c, InputSource s, int n)
    {
        var (x, mean, variance) = (s.Next(n, 2), Tensor.Zeros([2], s.Device), Tensor.Zeros([2], s.Device));
        x.BatchNorm(mean, variance, training: true, momentum: 1);
        c.CheckSums(mean, x, 2, n);
        var values = x.ToArray();
        foreach (var (j, value) in variance.ToArray().Index())
        {
            var column = Enumerable.Range(0, n).Select(i => (double)values[2 * i + j]).ToArray();
            var (average, about) = (column.Average(), 0.0);
            foreach (var v in column) about += (v - average) * (v - average);
            c.AssertClose(value, about / (n - 1), Math.Max(about / n, 1e-6), $"variance {j}");
        }
    }

    private static void BatchNormGradients(AccumulationCase c, InputSource s, int n)
    {
        var (x, w, b, dy) = (s.Next(n, 2), s.Next(2), s.Next(2), s.Next(n, 2));
        var (mean, variance) = (Tensor.Full([2], 0.25f, s.Device), Tensor.Full([2], 1 - 1e-5f, s.Device));
        x.BatchNorm(mean, variance, w, b).Backward(dy);
        c.CheckSums(b.Grad!, dy, 2, 1);
        var (values, gradients) = (x.ToArray(), dy.ToArray());
        for (var j = 0; j < 2; j++)
        {
            double sum = 0, size = 0;
            for (var i = j; i < values.Length; i += 2)
            {
                var term = gradients[i] * (values[i] - 0.25) / Math.Sqrt((double)(1 - 1e-5f) + 1e-5f);
                (sum, size) = (sum + term, size + Math.Abs(term));
            }

            c.AssertClose(w.Grad!.ToArray()[j], sum, size, $"weight {j}");
        }
    }

    /// <summary>The sums of every column of x, divided.</summary>
    private static void CheckSums(this AccumulationCase c, Tensor sums, Tensor x, int columns, double divisor)
    {
        var right = new double[columns];
        foreach (var (i, value) in x.ToArray().Index()) right[i % columns] += value;
        foreach (var (j, sum) in sums.ToArray().Index())
            c.AssertClose(sum, right[j] / divisor, right[j] / divisor, $"sum {j}");
    }
}
