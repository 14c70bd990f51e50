using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Extremes, their indices and variances, beside what every row of the op table is tested for.</summary>
[Category("Kernels")]
public sealed class StatisticsTests
{
    private const float NaN = float.NaN, Infinity = float.PositiveInfinity;

    [Test]
    public void NaN_is_larger_and_smaller_than_any_number() => Extremes(Device.Cpu);

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void NaN_is_larger_and_smaller_than_any_number_on(string name) => Extremes(DeviceCatalog.Open(name));

    [Test]
    public void Equal_extremes_share_the_gradient() => SharedGradients(Device.Cpu);

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Equal_extremes_share_the_gradient_on(string name) => SharedGradients(DeviceCatalog.Open(name));

    [Test]
    public void Indices_are_of_the_first_extreme() => Indices(Device.Cpu);

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void Indices_are_of_the_first_extreme_on(string name) => Indices(DeviceCatalog.Open(name));

    [Test]
    public void Indices_along_every_axis_are_those_of_a_search()
    {
        var rng = new Rng(3);
        foreach (Shape shape in (Shape[])[[7], [5, 9], [3, 4, 5], [2, 5, 4, 3], [2, 3, 1, 4, 2]])
            for (var axis = 0; axis < shape.Rank; axis++)
            {
                var x = Tensor.From(shape, [.. Enumerable.Range(0, shape.Size).Select(_ => (float)rng.Next(4))]);
                var reference = ReferenceTensor.Of(x);
                var (max, min) = (x.ArgMax(axis, keepDims: true), x.ArgMin(axis, keepDims: true));
                var expected = ReferenceTensor.Of(max.Shape, i => Search(reference, i, axis, (a, b) => a > b));
                Assert.That(max.ToArray(), Is.EqualTo(expected.Values.ToArray()), $"{shape}, {axis}");
                expected = ReferenceTensor.Of(min.Shape, i => Search(reference, i, axis, (a, b) => a < b));
                Assert.That(min.ToArray(), Is.EqualTo(expected.Values.ToArray()), $"{shape}, {axis}");
                Assert.That(x.ArgMax(axis - shape.Rank).Shape.Rank, Is.EqualTo(shape.Rank - 1));
            }

        static double Search(ReferenceTensor x, int[] index, int axis, Func<double, double, bool> isBetter)
        {
            int[] at = [.. index];
            var best = 0;
            for (var i = 1; i < x.Shape[axis]; i++)
                if (isBetter(At(i), At(best))) best = i;
            return best;

            double At(int i)
            {
                at[axis] = i;
                return x[at];
            }
        }
    }

    [Test]
    public void Indices_are_in_no_graph_and_whole_up_to_2_to_the_24()
    {
        var x = Tensor.Zeros([3, 2]);
        x.RequiresGrad = true;
        Assert.That(x.ArgMax(0).GradFn, Is.Null);
        var error = Assert.Throws<ShapeException>(() => Tensor.Zeros([(1 << 24) + 1]).ArgMax(0))!;
        Assert.That(error.Message, Does.Contain("16777217"));
    }

    [Test]
    public void A_large_mean_does_not_cancel_the_variance() => LargeMeans(Device.Cpu);

    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_large_mean_does_not_cancel_the_variance_on(string name) => LargeMeans(DeviceCatalog.Open(name));

    [Test]
    public void Equal_numbers_have_no_variance()
    {
        foreach (var value in (float[])[0.1f, -1e6f / 3, 1e-20f])
        {
            Assert.That(Tensor.Full([1001], value).Variance().Item(), Is.Zero);
            Assert.That(Tensor.Full([1001, 3], value).Variance([0]).ToArray(), Is.All.Zero);
        }
    }

    [Test]
    public void A_variance_of_too_few_elements_is_NaN()
    {
        Assert.That(Tensor.Ones([1]).Variance().Item(), Is.NaN);
        Assert.That(Tensor.Ones([1]).Variance(correction: 0).Item(), Is.Zero);
        Assert.That(Tensor.Ones([3]).Variance(correction: 5).Item(), Is.NaN);
        Assert.That(Tensor.Zeros([0, 2]).Variance([0]).ToArray(), Is.All.NaN);
        Assert.That(Tensor.Zeros([0, 2]).Variance([1]).Shape, Is.EqualTo(Shape.Create([0])));
    }

    /// <summary>Numbers whose mean is a million times their deviation, in rows and in columns.</summary>
    /// <remarks>
    /// With u = 2⁻²⁴: each x − mean is exact (Sterbenz). A block of 64 squares rounds each by u and its sum by up to
    /// 64·u, and blocks are added in double. The mean is off by δ, which rounding limits to 2⁻⁵ = 0.03 deviations; the
    /// sum of distances knows δ to 64·u of their size, 4, so that 2·δ·64·u·4 / variance = 12·u remain after the
    /// correction. The three steps after the sums round three times: 80·u in all.
    /// </remarks>
    private static void LargeMeans(Device device)
    {
        const double bound = 80.0 / (1 << 24);
        var rng = new Rng(9);
        foreach (var n in (int[])[31, 1001, 5000])
        {
            float[] values = [.. Enumerable.Range(0, n).Select(_ => 1e6f + rng.Next(64) / 16f)];
            var mean = values.Sum(v => v - 1e6) / n + 1e6;
            var right = values.Sum(v => (v - mean) * (v - mean)) / (n - 1);
            Check(Tensor.From([n], values, device), 1);
            Check(Tensor.From([n, 1], values, device).Expand(n, 5), 5);

            void Check(Tensor x, int columns)
            {
                x = x.Detach();
                x.RequiresGrad = true;
                var y = x.Variance([0]).Keep();
                y.Backward(Tensor.Ones(y.Shape, device));
                Assert.That(y.ToArray(), Is.All.EqualTo(right).Within(bound * right), $"{n}, {columns} columns");
                foreach (var (i, dx) in x.Grad!.ToArray().Index())
                {
                    var expected = 2 * (values[i / columns] - mean) / (n - 1);
                    Assert.That(dx, Is.EqualTo(expected).Within(bound * 4 / (n - 1)), $"{n}, gradient {i}");
                }
            }
        }
    }

    private static void Extremes(Device device)
    {
        foreach (var n in (int[])[3, 40, 700])
        {
            var values = new float[2 * n];
            (values[1], values[n + 2], values[n]) = (-Infinity, Infinity, -3);
            var x = Tensor.From([2, n], values, device);
            Assert.That(x.Max([1]).ToArray(), Is.EqualTo(new[] { 0, Infinity }));
            Assert.That(x.Min([1]).ToArray(), Is.EqualTo(new[] { -Infinity, -3 }));
            Assert.That(x.Max([0]).ToArray()[..3], Is.EqualTo(new[] { 0, 0, Infinity }));
            Assert.That(Tensor.Full([n], -Infinity, device).Max().Item(), Is.EqualTo(-Infinity));
            values[n - 1] = NaN;
            x = Tensor.From([2, n], values, device);
            Assert.That(x.Max([1]).ToArray(), Is.EqualTo(new[] { NaN, Infinity }));
            Assert.That(x.Min([1]).ToArray(), Is.EqualTo(new[] { NaN, -3 }));
            Assert.That(x.Min([0]).ToArray()[^1], Is.NaN);
            Assert.That(x.Max().Item(), Is.NaN);
        }
    }

    private static void SharedGradients(Device device)
    {
        var x = Tensor.From([2, 4], [1, 5, 5, 2, -Infinity, NaN, 3, NaN], device);
        x.RequiresGrad = true;
        x.Max([1]).Backward(Tensor.From([2], [6, 1], device));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new[] { 0, 3, 3, 0, NaN, NaN, NaN, NaN }));
        x = Tensor.Full([2, 2, 3, 4], Infinity, device);
        x.RequiresGrad = true;
        x.Min([0, 3]).Sum().Backward();
        Assert.That(x.Grad!.ToArray(), Is.All.EqualTo(1 / 8f));
    }

    private static void Indices(Device device)
    {
        float[] values = [3, 7, 7, NaN, 1, NaN, 2, -0f, 0, -Infinity, -Infinity, -Infinity, Infinity, 5, 5, Infinity];
        var x = Tensor.From([4, 4], [.. values], device);
        Assert.That(x.ArgMax(1).ToArray(), Is.EqualTo(new[] { 3, 1, 0, 0 }));
        Assert.That(x.ArgMin(1).ToArray(), Is.EqualTo(new[] { 3, 1, 1, 1 }));
        Assert.That(x.ArgMax(0).ToArray(), Is.EqualTo(new[] { 3, 1, 0, 0 }));
        var tall = Tensor.Zeros([1000, 2], device);
        Assert.That(tall.ArgMax(0).ToArray(), Is.EqualTo(new[] { 0, 0 }), "the first of a thousand");
        Assert.That(Tensor.Full([700], -Infinity, device).ArgMax(0).Item(), Is.Zero);
    }
}
