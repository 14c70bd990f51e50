using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Pooling of equal values, infinities and NaN; output sizes against PyTorch's; worked examples.</summary>
[Category("Kernels")]
public sealed class PoolingTests
{
    /// <summary>Channels that fill each vector width, or all but one, or one more.</summary>
    private static readonly int[] Channels = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40];

    [Test]
    public void AvgPool_worked_example()
    {
        var y = Counting([2, 2, 3, 3]).AvgPool2d((3, 3));
        Assert.That(y.Shape, Is.EqualTo(Shape.Create([2, 2, 1, 1])));
        Assert.That(y.ToArray(), Is.EqualTo(new[] { 4f, 13, 22, 31 }));
    }

    [Test]
    public void AdaptiveAvgPool_worked_example() =>
        Assert.That(Counting([1, 1, 5, 5]).AdaptiveAvgPool2d(2, 2).ToArray(), Is.EqualTo(new[] { 6f, 8, 16, 18 }));

    /// <summary>Of many channels in blocks, as each sum over 81 windows is in double.</summary>
    [Test]
    public void The_gradient_of_a_pixel_in_many_windows_is_the_sum_of_theirs()
    {
        const int channels = 1100, size = 9;
        var rng = new Rng(5);
        var x = Tensor.Uniform([1, channels, 1, 1], -1, 1, rng);
        x.RequiresGrad = true;
        var dy = Tensor.Uniform([1, channels, size, size], -1, 1, rng);
        x.AdaptiveAvgPool2d(size, size).Backward(dy);
        var expected = dy.ToArray().Chunk(size * size).Select(window => window.Sum(value => (double)value));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(expected).Within(1e-6));
    }

    /// <summary>
    /// The first of equal values is the maximum, rows before columns; but a NaN always is, the last of several, as in
    /// PyTorch. Windows overlap, so that gradients add up.
    /// </summary>
    [Test]
    public void MaxPool_gradient_goes_to_the_maximum(
        [ValueSource(nameof(Channels))] int channels, [Values] bool notANumber)
    {
        const int images = 2, size = 7, kernel = 3, stride = 2, padding = 1, outputs = 4;
        var rng = new Rng(3);
        var inputs = Enumerable.Range(0, images * channels * size * size).Select(_ => Draw());
        var x = Tensor.From([images, channels, size, size], [.. inputs]);
        x.RequiresGrad = true;
        var y = x.MaxPool2d((kernel, kernel), (stride, stride), (padding, padding)).Keep();
        var integers = Enumerable.Range(1, y.Shape.Size).Select(i => (float)i);      // their sums are exact
        var dy = Tensor.From(y.Shape, [.. integers]);
        y.Backward(dy);

        var (values, gradient, expected) = (x.ToArray(), dy.ToArray(), new float[x.Shape.Size]);
        var maxima = new float[y.Shape.Size];
        for (var i = 0; i < maxima.Length; i++)
        {
            var (plane, row, column) = (i / (outputs * outputs), i / outputs % outputs, i % outputs);
            var (top, left, argmax) = (row * stride - padding, column * stride - padding, -1);
            for (var h = Math.Max(0, top); h < Math.Min(size, top + kernel); h++)
                for (var w = Math.Max(0, left); w < Math.Min(size, left + kernel); w++)
                {
                    var index = (plane * size + h) * size + w;
                    if (argmax < 0 || values[index] > values[argmax] || float.IsNaN(values[index])) argmax = index;
                }

            maxima[i] = values[argmax];
            expected[argmax] += gradient[i];
        }

        Assert.That(y.ToArray(), Is.EqualTo(maxima));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(expected));

        float Draw() => rng.Next(8) switch
        {
            0 => float.NegativeInfinity,
            1 when notANumber => float.NaN,
            var n => n / 3,
        };
    }

    [Test]
    public void MaxPool_of_nothing_but_negative_infinity_is_that([ValueSource(nameof(Channels))] int channels)
    {
        var x = Tensor.Full([1, channels, 2, 2], float.NegativeInfinity);
        x.RequiresGrad = true;
        var y = x.MaxPool2d((2, 2), padding: (1, 1)).Keep();
        y.Backward(Tensor.Full(y.Shape, 1));
        Assert.That(y.ToArray(), Is.All.EqualTo(float.NegativeInfinity));
        Assert.That(x.Grad!.ToArray(), Is.All.EqualTo(1), "each pixel is the only one in its window");
    }

    [TestCase(7, 2, 2, 0, false, 3)]
    [TestCase(7, 2, 2, 0, true, 4)]
    [TestCase(6, 3, 2, 0, false, 2)]
    [TestCase(6, 3, 2, 0, true, 3)]
    [TestCase(5, 2, 3, 1, true, 2)]             // a third window would begin in the far padding
    [TestCase(2, 3, 2, 0, true, 1)]
    [TestCase(1, 1, 4, 0, true, 1)]
    [TestCase(55, 3, 2, 0, false, 27)]
    [TestCase(5, 1_000_000_000, 1, 500_000_000, false, 6)]
    public void Sizes_are_PyTorchs(int input, int kernel, int stride, int padding, bool ceilMode, int expected)
    {
        var x = Tensor.Zeros([1, 1, input, 1]);
        var shape = Shape.Create([1, 1, expected, 1]);
        Assert.That(x.MaxPool2d((kernel, 1), (stride, 1), (padding, 0), ceilMode: ceilMode).Shape, Is.EqualTo(shape));
        Assert.That(x.AvgPool2d((kernel, 1), (stride, 1), (padding, 0), ceilMode).Shape, Is.EqualTo(shape));
    }

    [Test]
    public void Arguments_out_of_range_are_refused_by_name()
    {
        var x = Tensor.Zeros([1, 1, 8, 8]);
        Assert.Multiple(() =>
        {
            Refused(() => x.MaxPool2d((0, 2)), "MaxPool2d: kernel", "0×2");
            Refused(() => x.MaxPool2d((2, 2), (1, 0)), "MaxPool2d: stride", "1×0");
            Refused(() => x.MaxPool2d((3, 3), padding: (2, 0)), "MaxPool2d: padding", "2×0", "3×3");
            Refused(() => x.MaxPool2d((3, 3), dilation: (1, 0)), "MaxPool2d: dilation", "1×0");
            Refused(() => x.AvgPool2d((3, 3), padding: (0, -1)), "AvgPool2d: padding", "0×-1");
            Refused(() => x.AdaptiveAvgPool2d(0, 2), "height");
            Refused(() => x.AdaptiveAvgPool2d(2, -1), "width");
        });

        static void Refused(Func<Tensor> pool, params string[] words)
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => pool())!;
            foreach (var word in words) Assert.That(error.Message, Does.Contain(word));
        }
    }

    [Test]
    public void A_mean_over_many_pixels_is_exact_to_a_few_roundings()
    {
        var rng = new Rng(11);
        var x = Tensor.Uniform([1, 3, 300, 300], 0, 1, rng);
        var right = x.ToArray().Chunk(90_000).Select(plane => plane.Average(v => (double)v));
        Assert.That(
            x.GlobalAvgPool2d().ToArray(), Is.EqualTo(right).Within(5e-7),
            "rows of 300, then 300 rows: a few roundings of 6e-8");
    }

    private static Tensor Counting(Shape shape) =>
        Tensor.From(shape, [.. Enumerable.Range(0, shape.Size).Select(i => (float)i)]);
}
