using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Comparisons yield 0 or 1 and are in no graph, so the op table has no row of them.</summary>
[Category("Kernels")]
public sealed class ComparisonTests
{
    private static readonly float[] Left =
        [.. Enumerable.Repeat<float[]>([1, 2, 3, float.NaN, -0f], 8).SelectMany(x => x)];
    private static readonly float[] Right =
        [.. Enumerable.Repeat<float[]>([2, 2, 2, 1, 0, float.PositiveInfinity, float.NaN, -1], 5).SelectMany(x => x)];

    public static Type[] Formulas =>
    [
        typeof(Greater), typeof(GreaterOrEqual), typeof(Less), typeof(LessOrEqual), typeof(EqualTo), typeof(NotEqualTo),
    ];

    private static IEnumerable<TestCaseData> Cases =>
        from device in new[] { "cpu", "emulated" }
        from row in new (string Name, Func<Tensor, Tensor, Tensor> Op, Func<float, float, bool> Right)[]
        {
            ("Greater", (a, b) => a > b, (a, b) => a > b),
            ("GreaterOrEqual", (a, b) => a >= b, (a, b) => a >= b),
            ("Less", (a, b) => a < b, (a, b) => a < b),
            ("LessOrEqual", (a, b) => a <= b, (a, b) => a <= b),
            ("EqualTo", (a, b) => a.EqualTo(b), (a, b) => a == b),
            ("NotEqualTo", (a, b) => a.NotEqualTo(b), (a, b) => a != b),
        }
        select new TestCaseData(device, row.Op, row.Right).SetArgDisplayNames(device, row.Name);

    [TestCaseSource(nameof(Cases))]
    public void Of_two_tensors(string name, Func<Tensor, Tensor, Tensor> op, Func<float, float, bool> right)
    {
        var device = DeviceCatalog.Open(name);
        Tensor a = Tensor.From([40], Left).To(device), b = Tensor.From([40], Right).To(device);
        a.RequiresGrad = true;
        var y = op(a, b);
        Assert.That(y.ToArray(), Is.EqualTo(Left.Zip(Right, (l, r) => right(l, r) ? 1f : 0f)));
        Assert.That(() => y.Backward(y), Throws.InvalidOperationException.With.Message.Contains("graph"));
    }

    [Test]
    public void With_a_number()
    {
        var x = Tensor.From([5], [1, 2, 3, float.NaN, float.PositiveInfinity]);
        Assert.That((x > 2).ToArray(), Is.EqualTo(new float[] { 0, 0, 1, 0, 1 }));
        Assert.That((x >= 2).ToArray(), Is.EqualTo(new float[] { 0, 1, 1, 0, 1 }));
        Assert.That((x < 2).ToArray(), Is.EqualTo(new float[] { 1, 0, 0, 0, 0 }));
        Assert.That((x <= 2).ToArray(), Is.EqualTo(new float[] { 1, 1, 0, 0, 0 }));
        Assert.That(x.EqualTo(2).ToArray(), Is.EqualTo(new float[] { 0, 1, 0, 0, 0 }));
        Assert.That(x.NotEqualTo(2).ToArray(), Is.EqualTo(new float[] { 1, 0, 1, 1, 1 }));
    }

    [Test]
    public void Maximum_and_clamp_keep_NaN()
    {
        Tensor x = Tensor.From([3], [float.NaN, 1, float.NaN]), y = Tensor.From([3], [1, float.NaN, float.NaN]);
        Assert.That(x.Maximum(y).ToArray(), Is.All.NaN);
        Assert.That(x.Minimum(y).ToArray(), Is.All.NaN);
        Assert.That(x.Clamp(0, 1).ToArray(), Is.EqualTo(new[] { float.NaN, 1, float.NaN }));
    }

    [Test]
    public void What_Where_does_not_take_may_be_NaN()
    {
        var x = Tensor.From([2], [0, 4]);
        x.RequiresGrad = true;
        var y = (x > 0).Where(x.Sqrt(), Tensor.From([1], [-1]));
        Assert.That(y.ToArray(), Is.EqualTo(new float[] { -1, 2 }));
    }
}
