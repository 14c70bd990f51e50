using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Batch normalization beyond the op table: running statistics, and means far from zero.</summary>
[Category("Kernels")]
public sealed class BatchNormTests
{
    [Test]
    public void Training_moves_the_running_statistics_toward_those_of_the_batch()
    {
        var x = Tensor.From([4, 2], [1, 10, 2, 10, 3, 10, 6, 14]);      // means 3 and 11, unbiased variances 14/3 and 4
        var (mean, variance) = (Tensor.From([2], [1, 1]), Tensor.From([2], [2, 2]));
        x.BatchNorm(mean, variance, training: true, momentum: 0.25f);
        Assert.That(mean.ToArray(), Is.EqualTo(new[] { 1.5f, 3.5f }));
        Assert.That(variance.ToArray(), Is.EqualTo(new[] { 1.5f + 14f / 12, 2.5f }).Within(3e-7f));
    }

    [Test]
    public void Evaluation_does_not_change_the_running_statistics()
    {
        var (mean, variance) = (Tensor.From([2], [1, 1]), Tensor.From([2], [4, 0.25f]));
        var y = Tensor.From([1, 2], [3, 3]).BatchNorm(mean, variance);
        Assert.That(y.ToArray(), Is.EqualTo(new[] { 1f, 4 }).Within(1e-4f), "eps changes the second by 2e-5");
        Assert.That(mean.ToArray(), Is.EqualTo(new[] { 1f, 1 }));
        Assert.That(variance.ToArray(), Is.EqualTo(new[] { 4f, 0.25f }));
    }

    /// <summary>In single precision E[x²] − E[x]² would lose the variance.</summary>
    [TestCase(10)]
    [TestCase(1_000)]
    public void A_mean_far_from_zero_costs_no_accuracy_of_the_variance(int rows)
    {
        var rng = new Rng(2);
        var x = Tensor.Normal([rows, 19], 10_000, 1, rng);
        var (mean, variance) = (Tensor.Zeros([19]), Tensor.Zeros([19]));
        x.BatchNorm(mean, variance, training: true, momentum: 1);

        double[][] columns =
        [
            .. Enumerable.Range(0, 19).Select(c =>
                x.ToArray().Where((_, i) => i % 19 == c).Select(v => (double)v).ToArray()),
        ];
        Assert.That(
            mean.ToArray(), Is.EqualTo(columns.Select(c => c.Average())).Within(5e-4),
            "half a unit in the last place of 10,000");
        Assert.That(variance.ToArray(), Is.EqualTo(columns.Select(Unbiased)).Within(1e-4).Percent);

        static double Unbiased(double[] values) =>
            values.Sum(v => Math.Pow(v - values.Average(), 2)) / (values.Length - 1);
    }

    [Test]
    public void A_constant_channel_yields_its_bias()
    {
        Parameter weight = new(Tensor.Full([3], 2)), bias = new(Tensor.Full([3], 0.5f));
        var y = Tensor.Full([200, 3], 0.1f).BatchNorm(null, null, weight, bias, training: true);
        Assert.That(y.ToArray(), Is.All.EqualTo(0.5f).Within(1e-5f), "a rounding error of 0.1, divided by √eps");
    }

    [Test]
    public void NaN_stays_in_its_channel()
    {
        var x = Tensor.From([3, 2], [1, 1, float.NaN, 2, 3, 3]);
        var y = x.BatchNorm(null, null, training: true).ToArray();
        Assert.That(y.Where((_, i) => i % 2 == 0), Is.All.NaN);
        Assert.That(y.Where((_, i) => i % 2 == 1), Is.All.Not.NaN);
    }

    [Test]
    public void Arguments_out_of_range_or_without_their_pair_throw()
    {
        Tensor x = Tensor.Zeros([4, 2]), two = Tensor.Zeros([2]);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => x.BatchNorm(two, two, momentum: 1.5f),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("momentum"));
            Assert.That(
                () => x.BatchNorm(two, two, eps: 0),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("eps"));
            Assert.That(
                () => x.BatchNorm(two, null, training: true),
                Throws.ArgumentException.With.Message.Contains("together"));
            Assert.That(
                () => x.BatchNorm(null, null), Throws.ArgumentException.With.Message.Contains("running statistics"));
            Assert.That(
                () => x.BatchNorm(two, two, two), Throws.ArgumentException.With.Message.Contains("weight and bias"));
        });
    }
}
