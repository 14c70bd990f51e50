using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Every length from 0 to 70, past each vector width and its double, for the kernels that run along rows.
/// </summary>
[Category("Kernels")]
public sealed class LengthTests
{
    private static readonly LengthCase[] Cases =
    [
        new("Add", (a, b) => a + b, (a, b) => a.Broadcast(b, (x, y) => x + y)),
        new("Subtract", (a, b) => a - b, (a, b) => a.Broadcast(b, (x, y) => x - y)),
        new("Multiply", (a, b) => a * b, (a, b) => a.Broadcast(b, (x, y) => x * y)),
        new("Affine", (a, _) => 2 - a, (a, _) => a.Map(x => 2 - x)),
        new("Sum of rows", (a, _) => a.Sum([1]), (a, _) => a.Sum(1).Reshape([3])),
        new("Sum of columns", (a, _) => a.Sum([0]), (a, _) => a.Sum(0).Reshape([a.Shape[1]])),
    ];

    [TestCaseSource(nameof(Cases))]
    public void Every_length(LengthCase row)
    {
        var rng = new Rng(3);
        for (var n = 0; n <= 70; n++)
        {
            var (a, b) = (Tensor.Uniform([3, n], -1, 1, rng), Tensor.Uniform([n], -1, 1, rng));
            var (y, expected) = (row.Op(a, b), row.Reference(ReferenceTensor.Of(a), ReferenceTensor.Of(b)));
            Assert.That(y.Shape, Is.EqualTo(expected.Shape));
            Assert.That(y.ToArray(), Is.EqualTo(expected.Values.ToArray()).Within(1e-5), $"{row.Name}, length {n}");
        }
    }

    [Test]
    public void Softmax_of_every_length()
    {
        var rng = new Rng(4);
        for (var n = 1; n <= 70; n++)
        {
            var x = Tensor.Uniform([3, n], -4, 4, rng);
            var exponentials = ReferenceTensor.Of(x).Map(Math.Exp);
            var expected = exponentials.Broadcast(exponentials.Sum(1), (e, sum) => e / sum).Values.ToArray();
            Assert.That(x.Softmax().ToArray(), Is.EqualTo(expected).Within(1e-6), $"length {n}");
            var expectedLog = expected.Select(p => Math.Log(p));
            Assert.That(x.LogSoftmax().ToArray(), Is.EqualTo(expectedLog).Within(1e-5), $"length {n}");
        }
    }

    /// <summary>
    /// A million equal numbers: one after the other in single precision they would be off by a percent.
    /// </summary>
    [Test]
    public void Long_sums_stay_exact([Values(0, 1)] int axis)
    {
        const double limit = 256 * 3e-8;        // at most 256 roundings in sequence, without vectors
        var x = Tensor.Full(axis == 0 ? [1_000_000, 2] : [2, 1_000_000], 0.1f);
        Assert.That(x.Sum([axis]).ToArray(), Is.All.EqualTo(1e5).Within(1e5 * limit));
        Assert.That(x.Mean().Item(), Is.EqualTo(0.1).Within(0.1 * limit));
    }

    /// <summary>An op of [3, n] and [n], and its definition.</summary>
    public sealed record LengthCase(
        string Name, Func<Tensor, Tensor, Tensor> Op, Func<ReferenceTensor, ReferenceTensor, ReferenceTensor> Reference)
    {
        public override string ToString() => Name;
    }
}
