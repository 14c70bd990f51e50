using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Ops that add very many numbers, each with what it must yield, in double.</summary>
/// <remarks>
/// One addition rounds a sum by at most u = 2⁻²⁴ of its size. n additions one after the other are off by up to n·u, and
/// where the errors are independent, by about √n·u (Higham and Mary, 2019). In blocks of b terms, whose sums are added in double
/// or in blocks again, it is about √b·u. Hence the bound for numbers that were drawn: a quarter of √n·u, and two roundings of
/// the result, of the sum of all terms' sizes. Equal terms err to one side as long as their sum stays between two powers of
/// two, by a quarter of u each on average: hence √n·u and a quarter of b·u for the longest block. Sums in one chain of some
/// ten thousand terms are beyond both.
/// </remarks>
internal static class LongSums
{
    private const double U = 1.0 / (1 << 24);
    private const int LongestBlock = 512;

    /// <param name="Name">What is summed.</param>
    /// <param name="Terms">How many numbers go into each sum.</param>
    /// <param name="Check">Computes on a device, and compares.</param>
    /// <param name="IsSmall">Whether an emulated device does it in a moment.</param>
    /// <param name="Growth">By how much an algorithm's terms are larger than the definition's.</param>
    public sealed record Case(string Name, long Terms, Action<Case, Source> Check, bool IsSmall = false, double Growth = 1)
    {
        /// <summary>Whether the terms are drawn; else they are equal.</summary>
        public bool IsDrawn { get; init; }

        /// <summary>How far off a sum may be whose terms have sizes that sum to <paramref name="size"/>.</summary>
        public double Bound(double size) =>
            (IsDrawn ? Math.Sqrt(Terms) / 4 + 2 : Math.Sqrt(Terms) + LongestBlock / 4) * Growth * U * size;

        public void Near(double actual, double expected, double size, string what) =>
            Assert.That(actual, Is.EqualTo(expected).Within(Bound(size)), () =>
                $"{what}: {Math.Abs(actual - expected) / size / U:F1} u, {Bound(size) / size / U:F1} allowed");

        public override string ToString() => Name;
    }

    /// <summary>Where the numbers come from: drawn from [0, 1), or all one tenth.</summary>
    public sealed class Source(Device device, bool isDrawn)
    {
        private readonly Rng rng = new(17);

        public Device Device => device;

        public Tensor Next(params int[] extents)
        {
            var x = isDrawn ? Tensor.Uniform(Shape.Create(extents), 0, 1, rng, device) : Tensor.Full(Shape.Create(extents), 0.1f, device);
            x.RequiresGrad = true;
            return x;
        }
    }

    public static IEnumerable<Case> All =>
    [
        .. Reductions, .. Products, .. Convolutions, .. Gradients, .. Others,
    ];

    private static IEnumerable<Case> Reductions =>
    [
        new("Sum", 1 << 20, (c, s) => { var x = s.Next(1 << 20); c.Sums(x.Sum(), x, 1, 1); }, IsSmall: true),
        new("Mean", 1 << 20, (c, s) => { var x = s.Next(1 << 20); c.Sums(x.Mean(), x, 1, 1 << 20); }, IsSmall: true),
        new("Sum over axis 0", 1 << 18, (c, s) => { var x = s.Next(1 << 18, 4); c.Sums(x.Sum([0]), x, 4, 1); }, IsSmall: true),
        new("Sum over axis 0 of 33 columns", 1 << 17, (c, s) => { var x = s.Next(1 << 17, 33); c.Sums(x.Sum([0]), x, 33, 1); }),
        new("Gradient of a broadcast row", 1 << 18, (c, s) =>
        {
            var (dy, b) = (s.Next(1 << 18, 3), s.Next(3));
            (s.Next(1 << 18, 3) + b).Backward(dy);
            c.Sums(b.Grad!, dy, 3, 1);
        }),
        new("AvgPool2d of a window of one row", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1, 1, 1 << 18);
            c.Sums(x.AvgPool2d((1, 1 << 18)), x, 1, 1 << 18);
        }, IsSmall: true),
        new("AdaptiveAvgPool2d of a column", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1, 1 << 18, 1);
            c.Sums(x.AdaptiveAvgPool2d(1, 1), x, 1, 1 << 18);
        }, IsSmall: true),
        new("GlobalAvgPool2d", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1, 512, 512);
            c.Sums(x.GlobalAvgPool2d(), x, 1, 1 << 18);
        }, IsSmall: true),
        new("Gradient of overlapping means", 8001, (c, s) =>
        {
            var x = s.Next(1, 1, 1, 16001);
            var dy = s.Next(1, 1, 1, 8001);
            x.AvgPool2d((1, 8001), (1, 1)).Backward(dy);
            var (middle, sum) = (x.Grad!.ToArray()[8000], dy.ToArray().Sum(v => v / 8001.0));
            c.Near(middle, sum, sum, "middle");
        }, IsSmall: true),
    ];

    private static IEnumerable<Case> Products =>
    [
        .. from k in (int[])[10_000, 1 << 17]
           from ta in (bool[])[false, true]
           from tb in (bool[])[false, true]
           from n in (int[])[3, 37]
           select new Case($"MatMul [9, {k}]{(ta ? "ᵀ" : "")} · [{k}, {n}]{(tb ? "ᵀ" : "")}", k, (c, s) =>
           {
               var (a, b) = (ta ? s.Next(k, 9) : s.Next(9, k), tb ? s.Next(n, k) : s.Next(k, n));
               c.Product(a, ta, b, tb, a.MatMul(b, ta, tb), bias: null);
           }, IsSmall: k == 10_000 && n == 3),
        new("MatMul of one row and a transposed matrix", 1 << 18, (c, s) =>
        {
            var (a, b) = (s.Next(1, 1 << 18), s.Next(5, 1 << 18));
            c.Product(a, false, b, true, a.MatMul(b, transposeB: true), bias: null);
        }),
        .. from rows in (int[])[1, 70]
           select new Case($"Linear of {rows} rows", 1 << 16, (c, s) =>
           {
               var (x, w, b) = (s.Next(rows, 1 << 16), s.Next(11, 1 << 16), s.Next(11));
               c.Product(x, false, w, true, x.Linear(w, b, relu: true), b.ToArray());
           }),
        new("Linear's gradients by weight and bias", 1 << 18, (c, s) =>
        {
            var (x, w, b, dy) = (s.Next(1 << 18, 3), s.Next(4, 3), s.Next(4), s.Next(1 << 18, 4));
            x.Linear(w, b).Backward(dy);
            c.Product(dy, true, x, false, w.Grad!, bias: null);
            c.Sums(b.Grad!, dy, 4, 1);
        }),
        new("Linear's gradient by input", 1 << 16, (c, s) =>
        {
            var (x, w, dy) = (s.Next(2, 5), s.Next(1 << 16, 5), s.Next(2, 1 << 16));
            x.Linear(w).Backward(dy);
            c.Product(dy, false, w, false, x.Grad!, bias: null);
        }),
    ];

    private static IEnumerable<Case> Convolutions =>
    [
        Forward("as large as its image", [1, 4096, 3, 3], 5, 3, 0),
        Forward("of few pixels and many channels", [1, 4096, 4, 4], 5, 3, 1),
        Forward("of 25 taps", [1, 300, 6, 6], 5, 5, 0),
        Forward("of one tap", [1, 20_000, 3, 2], 5, 1, 0),
        Forward("of Winograd's sizes", [1, 4096, 28, 28], 16, 3, 1, growth: 4),
        Forward("of few outputs and many channels", [1, 3000, 1, 14], 2, 3, 1),
        new("Conv2d's gradient by input", 4096 * 9, (c, s) =>
        {
            var (x, w, dy) = (s.Next(1, 3, 4, 4), s.Next(4096, 3, 3, 3), s.Next(1, 4096, 4, 4));
            x.Conv2d(w, padding: 1).Backward(dy);
            foreach (var i in (int[])[5, 16 + 6, 32 + 10])
            {
                var (channel, h, v, sum) = (i / 16, i / 4 % 4, i % 4, 0.0);
                for (var o = 0; o < 4096; o++)
                    for (var r = 0; r < 3; r++)
                        for (var q = 0; q < 3; q++)
                            sum += (double)At(dy, 0, o, h + 1 - r, v + 1 - q) * At(w, o, channel, r, q);
                c.Near(x.Grad!.ToArray()[i], sum, sum, $"pixel {i}");
            }
        }),
    ];

    private static IEnumerable<Case> Gradients =>
    [
        Backward("of one tap over a large image", [1, 3, 700, 700], 4, (1, 1), 0),
        Backward("over a large image of few channels", [1, 1, 600, 600], 3, (3, 3), 1),
        Backward("over many small images of few channels", [9000, 1, 8, 8], 6, (3, 3), 0),
        Backward("of Winograd's sizes, over many images", [40, 16, 96, 96], 16, (3, 3), 1),
        Backward("of Winograd's sizes, over a large image", [1, 16, 600, 600], 16, (3, 3), 1),
        Backward("of Winograd's large kernel", [6, 16, 224, 224], 16, (5, 5), 2),
        Backward("over one row", [1, 2, 1, 300_000], 3, (1, 3), 0),
        Backward("over few positions", [128, 8, 16, 16], 4, (1, 1), 0),
    ];

    private static IEnumerable<Case> Others =>
    [
        new("BatchNorm's statistics", 1 << 18, (c, s) =>
        {
            var (x, mean, variance) = (s.Next(1 << 18, 2), Tensor.Zeros([2], s.Device), Tensor.Zeros([2], s.Device));
            x.BatchNorm(mean, variance, training: true, momentum: 1);
            c.Sums(mean, x, 2, 1 << 18);
            var values = x.ToArray();
            foreach (var (j, value) in variance.ToArray().Index())
            {
                var column = Enumerable.Range(0, 1 << 18).Select(i => (double)values[2 * i + j]).ToArray();
                var (average, about) = (column.Average(), 0.0);
                foreach (var v in column) about += (v - average) * (v - average);
                c.Near(value, about / ((1 << 18) - 1), Math.Max(about / (1 << 18), 1e-6), $"variance {j}");
            }
        }, IsSmall: true),
        new("BatchNorm's gradients", 1 << 18, (c, s) =>
        {
            var (x, w, b, dy) = (s.Next(1 << 18, 2), s.Next(2), s.Next(2), s.Next(1 << 18, 2));
            var (mean, variance) = (Tensor.Full([2], 0.25f, s.Device), Tensor.Full([2], 1 - 1e-5f, s.Device));
            x.BatchNorm(mean, variance, w, b).Backward(dy);
            c.Sums(b.Grad!, dy, 2, 1);
            var (values, gradients) = (x.ToArray(), dy.ToArray());
            for (var j = 0; j < 2; j++)
            {
                double sum = 0, size = 0;
                for (var i = j; i < values.Length; i += 2)
                {
                    var term = gradients[i] * (values[i] - 0.25) / Math.Sqrt((double)(1 - 1e-5f) + 1e-5f);
                    (sum, size) = (sum + term, size + Math.Abs(term));
                }

                c.Near(w.Grad!.ToArray()[j], sum, size, $"weight {j}");
            }
        }, IsSmall: true),
        new("Softmax and its gradient", 1 << 18, (c, s) =>
        {
            var (x, dy) = (s.Next(1, 1 << 18), s.Next(1, 1 << 18));
            var y = x.Softmax().Keep();
            var exponentials = x.ToArray().Select(v => Math.Exp(v)).ToArray();
            var (p, sum, gradients) = (y.ToArray(), exponentials.Sum(), dy.ToArray());
            c.Near(p[5], exponentials[5] / sum, exponentials[5] / sum, "probability");
            var (right, size) = (0.0, 0.0);
            foreach (var (i, e) in exponentials.Index()) right += e / sum * gradients[i];
            y.Backward(dy);
            size = p[5] * (right + gradients[5]);
            c.Near(x.Grad!.ToArray()[5], exponentials[5] / sum * (gradients[5] - right), size, "gradient");
        }, IsSmall: true),
        new("LogSoftmax and its gradient", 1 << 18, (c, s) =>
        {
            var (x, dy) = (s.Next(1, 1 << 18), s.Next(1, 1 << 18));
            var y = x.LogSoftmax().Keep();
            var (values, gradients) = (x.ToArray(), dy.ToArray());
            var log = Math.Log(values.Sum(v => Math.Exp(v)));
            c.Near(y.ToArray()[5], values[5] - log, 1, "logarithm");
            y.Backward(dy);
            var right = Math.Exp(values[5] - log) * gradients.Sum(v => (double)v);
            c.Near(x.Grad!.ToArray()[5], gradients[5] - right, gradients[5] + right, "gradient");
        }, IsSmall: true),
        new("CrossEntropy over many classes", 1 << 18, (c, s) =>
        {
            var x = s.Next(1, 1 << 18);
            c.Near(x.CrossEntropy(7).Item(), Math.Log(x.ToArray().Sum(v => Math.Exp(v))) - x.ToArray()[7], 1, "loss");
        }, IsSmall: true),
        new("CrossEntropy of many items", 1 << 18, (c, s) =>
        {
            var x = s.Next(1 << 18, 2);
            var loss = x.ToArray().Chunk(2).Average(row => Math.Log(1 + Math.Exp((double)row[1] - row[0])));
            c.Near(x.CrossEntropy(new int[1 << 18]).Item(), loss, loss, "loss");
        }),
        new("ClipGradNorm", 1 << 20, (c, s) =>
        {
            var p = new Parameter(Tensor.Zeros([1 << 20], s.Device));
            var dy = s.Next(1 << 20);
            (p + 0).Backward(dy);
            var norm = Math.Sqrt(dy.ToArray().Sum(v => (double)v * v));
            c.Near(new[] { p }.ClipGradNorm(1e9f), norm, norm, "norm");
        }, IsSmall: true),
    ];

    private static Case Forward(string name, Shape shape, int outputs, int kernel, int padding, double growth = 1) =>
        new($"Conv2d {name}", (long)shape[1] * kernel * kernel, (c, s) =>
        {
            var (x, w, b) = (s.Next([.. shape]), s.Next(outputs, shape[1], kernel, kernel), s.Next(outputs));
            var y = x.Conv2d(w, b, 1, padding);
            var (result, bias) = (y.ToArray(), b.ToArray());
            foreach (var i in (int[])[0, result.Length / 2, result.Length - 1])
            {
                var (o, h, v, sum) = (i / (y.Shape[2] * y.Shape[3]), i / y.Shape[3] % y.Shape[2], i % y.Shape[3], 0.0);
                for (var channel = 0; channel < shape[1]; channel++)
                    for (var r = 0; r < kernel; r++)
                        for (var q = 0; q < kernel; q++)
                            sum += (double)At(x, 0, channel, h + r - padding, v + q - padding) * At(w, o, channel, r, q);
                c.Near(result[i], sum + bias[o], sum, $"element {i}");
            }
        }, Growth: growth);

    private static Case Backward(string name, Shape shape, int outputs, (int H, int W) kernel, int padding) =>
        new($"Conv2d's gradients by weight and bias {name}", (long)shape[0] * shape[2] * shape[3], (c, s) =>
        {
            var (x, w, b) = (s.Next([.. shape]), s.Next(outputs, shape[1], kernel.H, kernel.W), s.Next(outputs));
            x.RequiresGrad = false;
            var y = x.Conv2d(w, b, 1, padding);
            var dy = s.Next([.. y.Shape]);
            y.Backward(dy);
            var (input, gradient) = (x.ToArray(), dy.ToArray());
            var (height, width, rows, columns) = (shape[2], shape[3], y.Shape[2], y.Shape[3]);
            foreach (var i in (int[])[0, w.Shape.Size / 2, w.Shape.Size - 1])
            {
                var (o, channel) = (i / (w.Shape.Size / outputs), i / (kernel.H * kernel.W) % shape[1]);
                var (r, q, dw, db) = (i / kernel.W % kernel.H, i % kernel.W, 0.0, 0.0);
                for (var image = 0; image < shape[0]; image++)
                    for (var h = 0; h < rows; h++)
                        for (var v = 0; v < columns; v++)
                        {
                            var g = (double)gradient[((image * outputs + o) * rows + h) * columns + v];
                            var (top, left) = (h + r - padding, v + q - padding);
                            db += g;
                            if (top >= 0 && left >= 0 && top < height && left < width)
                                dw += g * input[((image * shape[1] + channel) * height + top) * width + left];
                        }

                c.Near(w.Grad!.ToArray()[i], dw, dw, $"weight {i}");
                c.Near(b.Grad!.ToArray()[o], db, db, $"bias {o}");
            }
        });

    /// <summary>The sums of every column of x, divided.</summary>
    private static void Sums(this Case c, Tensor sums, Tensor x, int columns, double divisor)
    {
        var right = new double[columns];
        foreach (var (i, value) in x.ToArray().Index()) right[i % columns] += value;
        foreach (var (j, sum) in sums.ToArray().Index()) c.Near(sum, right[j] / divisor, right[j] / divisor, $"sum {j}");
    }

    private static void Product(this Case c, Tensor a, bool ta, Tensor b, bool tb, Tensor product, float[]? bias)
    {
        var (left, right, result) = (a.ToArray(), b.ToArray(), product.ToArray());
        var ((m, n), k) = (product.Shape, a.Shape[ta ? 0 : 1]);
        for (var i = 0; i < m; i += 4)
            for (var j = 0; j < n; j += 2)
            {
                var sum = 0.0;
                for (var p = 0; p < k; p++) sum += (double)left[ta ? p * m + i : i * k + p] * right[tb ? j * k + p : p * n + j];
                c.Near(result[i * n + j], sum + (bias?[j] ?? 0), sum, $"element ({i}, {j})");
            }
    }

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<Tensor, float[]> Arrays = [];

    /// <summary>An element of an image or a kernel; 0 beyond its edges.</summary>
    private static float At(Tensor x, int n, int c, int h, int w)
    {
        var (_, channels, height, width) = x.Shape;
        if (h < 0 || w < 0 || h >= height || w >= width) return 0;
        return Arrays.GetValue(x, tensor => tensor.ToArray())[((n * channels + c) * height + h) * width + w];
    }
}
