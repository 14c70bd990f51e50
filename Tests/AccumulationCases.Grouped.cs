namespace PyNetSharp.Tests;

/// <content>Convolutions with groups: long kernels, many positions.</content>
internal static partial class AccumulationCases
{
    private static IEnumerable<AccumulationCase> GroupedConvolutions =>
    [
        GroupedForward("depthwise with a kernel as large as its image", [1, 5, 150, 150], 5, (150, 150)),
        GroupedForward("depthwise with a long kernel", [1, 4, 1, 40_000], 4, (1, 40_000)),
        GroupedForward("with groups of several channels and a large kernel", [1, 8, 60, 60], 4, (60, 60)),
        GroupedBackward("of a depthwise convolution over a large image", [1, 20, 500, 500], 20, (3, 3)),
        GroupedBackward("of a depthwise convolution over one row", [1, 4, 1, 300_000], 4, (1, 3)),
        GroupedBackward("of groups of two channels over many images", [500, 8, 24, 24], 8, (3, 3)),
    ];

    private static AccumulationCase GroupedForward(string name, Shape shape, int groups, (int H, int W) kernel) =>
        new($"Conv2d {name}", (long)shape[1] / groups * kernel.H * kernel.W, (c, s) =>
        {
            var inputs = shape[1] / groups;
            var (x, w) = (s.Next([.. shape]), s.Next(shape[1], inputs, kernel.H, kernel.W));
            var (image, weights, result) = (x.ToArray(), w.ToArray(), x.Conv2d(w, groups: groups).ToArray());
            var size = inputs * kernel.H * kernel.W;        // of the images, which the kernel covers, of a group
            foreach (var output in (int[])[0, shape[1] - 1])
            {
                var sum = 0.0;
                for (var i = 0; i < size; i++)
                    sum += (double)image[output / inputs * size + i] * weights[output * size + i];
                c.AssertClose(result[output], sum, sum, $"channel {output}");
            }
        });

    private static AccumulationCase GroupedBackward(string name, Shape shape, int groups, (int H, int W) kernel) =>
        new($"Conv2d's weight and bias gradients {name}", (long)shape[0] * shape[2] * shape[3], (c, s) =>
        {
            var (channels, inputs) = (shape[1], shape[1] / groups);
            var (x, w, b) = (s.Next([.. shape]), s.Next(channels, inputs, kernel.H, kernel.W), s.Next(channels));
            x.RequiresGrad = false;
            var y = x.Conv2d(w, b, groups: groups);
            var dy = s.Next([.. y.Shape]);
            y.Backward(dy);
            var (input, gradient, rows, columns) = (x.ToArray(), dy.ToArray(), y.Shape[2], y.Shape[3]);
            foreach (var i in (int[])[0, w.Shape.Size / 2, w.Shape.Size - 1])
            {
                var (tap, o) = (i % (kernel.H * kernel.W), i / (w.Shape.Size / channels));
                var channel = o / inputs * inputs + i / (kernel.H * kernel.W) % inputs;
                var (dw, db) = (0.0, 0.0);
                for (var image = 0; image < shape[0]; image++)
                    for (var h = 0; h < rows; h++)
                        for (var v = 0; v < columns; v++)
                        {
                            var g = (double)gradient[((image * channels + o) * rows + h) * columns + v];
                            var (top, left) = (h + tap / kernel.W, v + tap % kernel.W);
                            db += g;
                            dw += g * input[((image * channels + channel) * shape[2] + top) * shape[3] + left];
                        }

                c.AssertClose(w.Grad!.ToArray()[i], dw, dw, $"weight {i}");
                c.AssertClose(b.Grad!.ToArray()[o], db, db, $"bias {o}");
            }
        });
}
