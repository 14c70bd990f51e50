using System.Runtime.CompilerServices;

namespace PyNetSharp.Tests;

/// <content>Matrix products and convolutions, each pass by every way through the kernels.</content>
internal static partial class AccumulationCases
{
    private static readonly ConditionalWeakTable<Tensor, float[]> Arrays = [];

    private static IEnumerable<AccumulationCase> Products =>
    [
        .. from k in (int[])[10_000, 1 << 17]
           from ta in (bool[])[false, true]
           from tb in (bool[])[false, true]
           from n in (int[])[3, 37]
           select new AccumulationCase($"MatMul [9, {k}]{(ta ? "ᵀ" : "")} · [{k}, {n}]{(tb ? "ᵀ" : "")}", k, (c, s) =>
           {
               var (a, b) = (ta ? s.Next(k, 9) : s.Next(9, k), tb ? s.Next(n, k) : s.Next(k, n));
               c.CheckProduct(a, ta, b, tb, a.MatMul(b, ta, tb), bias: null);
           }, IsSmall: k == 10_000 && n == 3),
        new("MatMul of one row and a transposed matrix", 1 << 18, (c, s) =>
        {
            var (a, b) = (s.Next(1, 1 << 18), s.Next(5, 1 << 18));
            c.CheckProduct(a, false, b, true, a.MatMul(b, transposeB: true), bias: null);
        }),
        .. from rows in (int[])[1, 70]
           select new AccumulationCase($"Linear of {rows} rows", 1 << 16, (c, s) =>
           {
               var (x, w, b) = (s.Next(rows, 1 << 16), s.Next(11, 1 << 16), s.Next(11));
               c.CheckProduct(x, false, w, true, x.Linear(w, b, relu: true), b.ToArray());
           }),
        new("Linear's weight and bias gradients", 1 << 18, (c, s) =>
        {
            var (x, w, b, dy) = (s.Next(1 << 18, 3), s.Next(4, 3), s.Next(4), s.Next(1 << 18, 4));
            x.Linear(w, b).Backward(dy);
            c.CheckProduct(dy, true, x, false, w.Grad!, bias: null);
            c.CheckSums(b.Grad!, dy, 4, 1);
        }),
        new("Linear's input gradient", 1 << 16, (c, s) =>
        {
            var (x, w, dy) = (s.Next(2, 5), s.Next(1 << 16, 5), s.Next(2, 1 << 16));
            x.Linear(w).Backward(dy);
            c.CheckProduct(dy, false, w, false, x.Grad!, bias: null);
        }),
    ];

    private static IEnumerable<AccumulationCase> Convolutions =>
    [
        Forward("as large as its image", [1, 4096, 3, 3], 5, 3, 0),
        Forward("of few pixels and many channels", [1, 4096, 4, 4], 5, 3, 1),
        Forward("of 25 taps", [1, 300, 6, 6], 5, 5, 0),
        Forward("of one tap", [1, 20_000, 3, 2], 5, 1, 0),
        Forward("of Winograd's sizes", [1, 4096, 28, 28], 16, 3, 1, growth: 4),
        Forward("of few outputs and many channels", [1, 3000, 1, 14], 2, 3, 1),
        new("Conv2d's input gradient", 4096 * 9, (c, s) =>
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
                c.AssertClose(x.Grad!.ToArray()[i], sum, sum, $"pixel {i}");
            }
        }),
    ];

    private static IEnumerable<AccumulationCase> Gradients =>
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

    private static AccumulationCase Forward(
        string name, Shape shape, int outputs, int kernel, int padding, double growth = 1) =>
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
                            sum += (double)At(w, o, channel, r, q)
                                * At(x, 0, channel, h + r - padding, v + q - padding);
                c.AssertClose(result[i], sum + bias[o], sum, $"element {i}");
            }
        }, Growth: growth);

    private static AccumulationCase Backward(
        string name, Shape shape, int outputs, (int H, int W) kernel, int padding) =>
        new($"Conv2d's weight and bias gradients {name}", (long)shape[0] * shape[2] * shape[3], (c, s) =>
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

                c.AssertClose(w.Grad!.ToArray()[i], dw, dw, $"weight {i}");
                c.AssertClose(b.Grad!.ToArray()[o], db, db, $"bias {o}");
            }
        });

    private static void CheckProduct(
        this AccumulationCase c, Tensor a, bool ta, Tensor b, bool tb, Tensor product, float[]? bias)
    {
        var (left, right, result) = (a.ToArray(), b.ToArray(), product.ToArray());
        var ((m, n), k) = (product.Shape, a.Shape[ta ? 0 : 1]);
        for (var i = 0; i < m; i += 4)
            for (var j = 0; j < n; j += 2)
            {
                var sum = 0.0;
                for (var p = 0; p < k; p++)
                    sum += (double)left[ta ? p * m + i : i * k + p] * right[tb ? j * k + p : p * n + j];
                c.AssertClose(result[i * n + j], sum + (bias?[j] ?? 0), sum, $"element ({i}, {j})");
            }
    }

    /// <summary>An element of an image or a kernel; 0 beyond its edges.</summary>
    private static float At(Tensor x, int n, int c, int h, int w)
    {
        var (_, channels, height, width) = x.Shape;
        if (h < 0 || w < 0 || h >= height || w >= width) return 0;
        return Arrays.GetValue(x, tensor => tensor.ToArray())[((n * channels + c) * height + h) * width + w];
    }
}
