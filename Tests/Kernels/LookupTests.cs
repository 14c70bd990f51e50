using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Std, CumSum, triangles, Gather and Embedding, beside what every row of the op table is tested for.
/// </summary>
[Category("Kernels")]
public sealed class LookupTests
{
    private const float NaN = float.NaN, Infinity = float.PositiveInfinity;

    private static readonly string[] Devices = ["cpu", "emulated"];

    [TestCaseSource(nameof(Devices))]
    public void The_deviation_of_equal_numbers_has_the_gradient_0(string device)
    {
        var x = Tensor.From([2, 3], [0.1f, 0.1f, 0.1f, 1, 2, 3], DeviceCatalog.Open(device));
        x.RequiresGrad = true;
        var y = x.Std(1).Keep();
        y.Sum().Backward();
        Assert.That(y.ToArray(), Is.EqualTo(new[] { 0f, 1 }));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new[] { 0, 0, 0, -0.5f, 0, 0.5f }));
        Assert.That(Tensor.Ones([1]).Std().Item(), Is.NaN);
    }

    /// <summary>An axis is meant, as in PyTorch; the correction is named.</summary>
    [Test]
    public void A_whole_number_is_an_axis()
    {
        var x = Tensor.From([2, 2], [1, 3, 5, 9]);
        Assert.That(x.Variance(1).ToArray(), Is.EqualTo(new[] { 2f, 8 }));
        Assert.That(x.Variance(0, keepDims: true, correction: 0).ToArray(), Is.EqualTo(new[] { 4f, 9 }));
        Assert.That(x.Variance(correction: 0).Item(), Is.EqualTo(8.75f));
    }

    [TestCaseSource(nameof(Devices))]
    public void A_cumulative_sum_keeps_the_digits_of_late_elements(string device)
    {
        const int n = 1 << 14;
        var y = Tensor.Full([2, n], 0.1f, DeviceCatalog.Open(device)).CumSum(1).ToArray();
        for (var i = 0; i < n; i++)
        {
            var right = (i + 1) * (double)0.1f;     // three roundings: of the sum, of its start, of the slices before
            Assert.That(y[n + i], Is.EqualTo(right).Within(right * 3 / (1 << 24)), $"{i}");
        }
    }

    [TestCaseSource(nameof(Devices))]
    public void What_follows_an_infinity_or_a_NaN_is_one(string device)
    {
        var x = Tensor.From([6], [1, Infinity, 2, -Infinity, NaN, 1], DeviceCatalog.Open(device));
        Assert.That(x.CumSum(0).ToArray(), Is.EqualTo(new[] { 1, Infinity, Infinity, NaN, NaN, NaN }));
    }

    [TestCaseSource(nameof(Devices))]
    public void A_triangle_has_nothing_of_what_is_cut_off(string device)
    {
        var x = Tensor.From([2, 2], [1, NaN, Infinity, 2], DeviceCatalog.Open(device));
        x.RequiresGrad = true;
        var y = x.Tril().Keep();
        y.Backward(Tensor.From([2, 2], [3, NaN, 4, 5], x.Device));
        Assert.That(y.ToArray(), Is.EqualTo(new[] { 1, 0, Infinity, 2 }));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new[] { 3f, 0, 4, 5 }));
        Assert.That(x.Triu(1).ToArray(), Is.EqualTo(new[] { 0, NaN, 0, 0 }));
    }

    /// <summary>
    /// 100,001 gradients of an element, of which the first is a million: in double on CPUs, elsewhere compensated, by
    /// errors whose own sum is in single precision, √n/4 roundings (see <see cref="AccumulationCases"/>). A plain sum
    /// would not grow at all.
    /// </summary>
    [TestCaseSource(nameof(Devices))]
    public void Gradients_of_an_element_that_is_taken_often_are_added_precisely(string device)
    {
        const int n = 100_001;
        var x = Tensor.Zeros([3, 1], DeviceCatalog.Open(device));
        x.RequiresGrad = true;
        float[] dy = [1e6f, .. Enumerable.Repeat(0.01f, n - 1)];
        x.Gather(0, new Labels([n, 1], [.. Enumerable.Repeat(1, n)])).Backward(Tensor.From([n, 1], dy, x.Device));
        var right = dy.Sum(v => (double)v);
        var roundings = device == "cpu" ? 1 : Math.Sqrt(n) / 4;
        Assert.That(x.Grad!.ToArray()[1], Is.EqualTo(right).Within(roundings * right / (1 << 24)));
        Assert.That(x.Grad!.ToArray()[0], Is.Zero);
    }

    [TestCaseSource(nameof(Devices))]
    public void An_infinite_gradient_stays_infinite(string device)
    {
        var x = Tensor.Zeros([2], DeviceCatalog.Open(device));
        x.RequiresGrad = true;
        x.Gather(0, new Labels([0, 0, 1])).Backward(Tensor.From([3], [Infinity, 1, NaN], x.Device));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new[] { Infinity, NaN }));
    }

    [Test]
    public void The_largest_are_gathered_at_their_indices()
    {
        var x = Tensor.Uniform([4, 7], -1, 1, new(3));
        Assert.That(x.Gather(1, x.ArgMax(1, keepDims: true)).ToArray(), Is.EqualTo(x.Max(1).ToArray()));
    }

    [Test]
    public void Indices_may_be_overwritten_after_the_call()
    {
        var (x, index) = (Tensor.From([3], [1, 2, 3]), new Labels([2]));
        x.RequiresGrad = true;
        var y = x.Gather(0, index);
        index.CopyFrom([0]);
        y.Sum().Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new[] { 0f, 0, 1 }));
    }

    [TestCase(-1)]
    [TestCase(4)]
    public void An_index_outside_the_axis_is_refused_by_name(int index)
    {
        var x = Tensor.Zeros([3, 4]);
        Refused(() => x.Gather(1, new Labels([1, 1], [index])), "Gather", $"{index}");
        Refused(() => x.Gather(1, Tensor.Full([1, 1], index)), "Gather", $"{index}");
        Refused(() => x.Gather(1, Tensor.Full([1, 1], 0.5f)), "Gather: a whole number", "0.5");
        Refused(() => Tensor.Zeros([4, 3]).Embedding(new Labels([index])), "Embedding", $"{index}");
        Refused(() => Tensor.Zeros([4, 3]).Embedding(new Labels([0]), paddingIndex: index), "Embedding", $"{index}");

        static void Refused(Func<Tensor> call, string text, string value) => Assert.That(
            () => call(), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(text)
                .And.Message.Contains(value));
    }

    [TestCaseSource(nameof(Devices))]
    public void Padding_gets_no_gradient(string device)
    {
        var table = Tensor.From([3, 2], [1, 2, 3, 4, 5, 6], DeviceCatalog.Open(device));
        table.RequiresGrad = true;
        var y = table.Embedding(new Labels([2, 2], [1, 2, 1, 0]), paddingIndex: 1).Keep();
        y.Sum().Backward();
        Assert.That(y.ToArray(), Is.EqualTo(new[] { 3f, 4, 5, 6, 3, 4, 1, 2 }));
        Assert.That(table.Grad!.ToArray(), Is.EqualTo(new[] { 1f, 1, 0, 0, 1, 1 }));
    }
}
