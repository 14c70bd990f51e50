using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The order in which the gradients of parts are added.</summary>
public sealed class GradientTreeTests
{
    /// <summary>Numbers whose sums depend on the order.</summary>
    private static readonly float[] Parts = [1, 1e-8f, 3e-8f, -1, 5e-8f, 1e-8f, 2, 3e-8f, -2];

    [Test]
    public void Parts_are_added_by_a_binary_tree([Range(1, 9)] int count)
    {
        var level = Parts[..count];
        while (level.Length > 1)
            level = [.. level.Chunk(2).Select(pair => pair.Length == 2 ? pair[0] + pair[1] : pair[0])];
        var parameter = new Parameter(Tensor.Zeros([2]));
        var tree = new GradientTree([parameter]);
        tree.Begin();
        foreach (var part in Parts[..count])
        {
            SetGradient(parameter, part);
            tree.Add();
            Assert.That(parameter.Grad, Is.Null);
        }

        tree.End();
        Assert.That(parameter.Grad!.ToArray(), Is.EqualTo(new[] { level[0], 2 * level[0] }));
    }

    [Test]
    public void The_order_matters_for_these_numbers() =>
        Assert.That(
            Parts[..4].Aggregate((a, b) => a + b), Is.Not.EqualTo((Parts[0] + Parts[1]) + (Parts[2] + Parts[3])));

    [Test]
    public void Gradients_from_before_are_added_to()
    {
        Parameter first = new(Tensor.Zeros([2])), second = new(Tensor.Zeros([2])), third = new(Tensor.Zeros([2]));
        var tree = new GradientTree([first, second, third]);
        SetGradient(first, 10);
        SetGradient(third, 5);
        tree.Begin();
        SetGradient(first, 1);
        tree.Add();
        SetGradient(second, 2);
        tree.Add();
        tree.End();
        Assert.That(first.Grad!.ToArray(), Is.EqualTo(new[] { 11f, 22 }));
        Assert.That(second.Grad!.ToArray(), Is.EqualTo(new[] { 2f, 4 }));
        Assert.That(third.Grad!.ToArray(), Is.EqualTo(new[] { 5f, 10 }));
    }

    /// <summary>A missing gradient counts as zero, as where another process sends zeros for it.</summary>
    [Test]
    public void A_gradient_of_few_parts_is_that_of_zeros_elsewhere()
    {
        var (parameter, unused) = (new Parameter(Tensor.Zeros([2])), new Parameter(Tensor.Zeros([3])));
        var tree = new GradientTree([parameter, unused]);
        tree.Begin();
        tree.Add();
        SetGradient(parameter, -0f);
        tree.Add();
        tree.Close();
        Assert.That((tree.HasGradient(0), tree.HasGradient(1)), Is.EqualTo((true, false)));
        var values = new float[tree.Size];
        values.AsSpan().Fill(7);
        tree.CopyTo(values);
        Assert.That(values.Select(BitConverter.SingleToInt32Bits), Is.All.EqualTo(0), "not −0");

        tree.CopyFrom([1, 2, 3, 4, 5], i => i == 1);
        tree.End();
        Assert.That(parameter.Grad, Is.Null);
        Assert.That(unused.Grad!.ToArray(), Is.EqualTo(new[] { 3f, 4, 5 }));
    }

    /// <summary>What a fault has left is not added to the next step.</summary>
    [Test]
    public void Begin_forgets_parts_that_were_not_ended()
    {
        var parameter = new Parameter(Tensor.Zeros([2]));
        var tree = new GradientTree([parameter]);
        tree.Begin();
        SetGradient(parameter, 3);
        tree.Add();
        tree.Begin();
        SetGradient(parameter, 1);
        tree.Add();
        tree.End();
        Assert.That(parameter.Grad!.ToArray(), Is.EqualTo(new[] { 1f, 2 }));
    }

    [Test]
    public void A_gradient_that_is_kept_elsewhere_is_not_overwritten()
    {
        var parameter = new Parameter(Tensor.Zeros([2]));
        var tree = new GradientTree([parameter]);
        tree.Begin();
        SetGradient(parameter, 3);
        var kept = parameter.Grad!.Keep();
        tree.Add();
        SetGradient(parameter, 1);
        tree.Add();
        tree.End();
        Assert.That(kept.ToArray(), Is.EqualTo(new[] { 3f, 6 }));
        Assert.That(parameter.Grad!.ToArray(), Is.EqualTo(new[] { 4f, 8 }));
    }

    /// <summary>[g, 2g], by a backward pass; −0 stays −0.</summary>
    private static void SetGradient(Parameter parameter, float g) =>
        (parameter * 1f).Backward(Tensor.From([2], [g, 2 * g]));
}
