using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class ClipGradValueTests
{
    /// <summary>Every length crosses the widths of vectors; NaN and infinities among the values.</summary>
    [Test]
    public void Each_value_is_limited_and_NaN_stays()
    {
        for (var n = 1; n <= 70; n++)
        {
            var values = Enumerable.Range(0, n).Select(i => (i % 7) switch
            {
                5 => float.NaN,
                6 => float.NegativeInfinity,
                _ => 3 * MathF.Sin(i),
            }).ToArray();
            var p = new Parameter(Tensor.Zeros([n]));
            p.Backward(Tensor.From([n], values));
            new[] { p }.ClipGradValue(1.25f);
            Assert.That(p.Grad!.ToArray(), Is.EqualTo(values.Select(x => Math.Clamp(x, -1.25f, 1.25f))));
        }
    }

    [Test]
    public void Both_owners_of_a_shared_gradient_get_it_clipped_and_a_kept_one_stays()
    {
        Parameter a = new(Tensor.Zeros([2])), b = new(Tensor.Zeros([2])), idle = new(Tensor.Zeros([2]));
        (a + b).Backward(Tensor.From([2], [3, -4]));
        var kept = a.Grad!.Keep();
        new[] { a, b, idle, a }.ClipGradValue(1);
        Assert.That(a.Grad!.ToArray(), Is.EqualTo(new[] { 1f, -1 }));
        Assert.That(b.Grad!.ToArray(), Is.EqualTo(new[] { 1f, -1 }));
        Assert.That(kept.ToArray(), Is.EqualTo(new[] { 3f, -4 }));
        Assert.That(idle.Grad, Is.Null);
    }

    [Test]
    public void The_greatest_value_is_positive([Values(0f, -1f, float.NaN)] float value) =>
        Assert.That(
            () => Array.Empty<Parameter>().ClipGradValue(value),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("must be positive"));
}
