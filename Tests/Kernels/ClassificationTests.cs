using NUnit.Framework;

namespace PyNetSharp.Tests;

[Category("Kernels")]
public sealed class ClassificationTests
{
    [Test]
    public void Uniform_logits_have_a_loss_of_ln_classes() =>
        Assert.That(Tensor.Full([5, 10], 3).CrossEntropy(0, 1, 2, 3, 9).Item(), Is.EqualTo(Math.Log(10)).Within(1e-6));

    [Test]
    public void Large_logits_do_not_overflow()
    {
        var x = Tensor.From([2, 3], [3e38f, 0, -3e38f, 1000, 1000, 0]);
        Assert.That(x.Softmax().ToArray(), Is.EqualTo((float[])[1, 0, 0, 0.5f, 0.5f, 0]).Within(1e-6));
        Assert.That(x.LogSoftmax().ToArray()[1], Is.EqualTo(-3e38f));
        Assert.That(Tensor.From([1, 2], [0, 500]).CrossEntropy(0).Item(), Is.EqualTo(500));
    }

    [Test]
    public void NaN_spreads_over_its_row_only()
    {
        var x = Tensor.From([2, 3], [0, float.NaN, 0, 1, 1, 1]);
        Assert.That(x.Softmax().ToArray()[..3], Is.All.NaN);
        Assert.That(x.LogSoftmax().ToArray()[..3], Is.All.NaN);
        Assert.That(x.Softmax().ToArray()[3..], Is.All.EqualTo(1 / 3f).Within(1e-6));
        Assert.That(x.CrossEntropy(0, 0).Item(), Is.NaN);
    }

    [Test]
    public void The_gradient_does_not_change_if_the_array_of_labels_is_overwritten()
    {
        var x = Tensor.Zeros([1, 2]);
        x.RequiresGrad = true;
        int[] labels = [0];
        var loss = x.CrossEntropy(labels);
        labels[0] = 1;
        loss.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo((float[])[-0.5f, 0.5f]));
    }

    [TestCase(-1)]
    [TestCase(3)]
    public void A_label_that_is_no_class_number_throws(int label)
    {
        var x = Tensor.Zeros([2, 3]);
        Assert.That(
            () => x.CrossEntropy(0, label),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("outside 0 … 2"));
        Assert.That(
            () => x.CorrectCount(label, 0),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("[2, 3]"));
    }

    [Test]
    public void The_first_of_the_highest_scores_is_predicted_and_a_row_with_NaN_is_not_correct()
    {
        var x = Tensor.From([4, 3], [1, 3, 2, 5, 5, 4, -1, -2, -3, 0, float.NaN, 9]);
        Assert.That(x.ArgMax(), Is.EqualTo((int[])[1, 0, 0, 1]));
        Assert.That(x.CorrectCount(1, 0, 0, 1), Is.EqualTo(3));
        Assert.That(x.Accuracy(1, 1, 0, 2), Is.EqualTo(0.5));
    }

    /// <summary>The classes are those of PyTorch's argmax; a row with a NaN is not correct for any label.</summary>
    [TestCase(new[] { float.NaN, float.NaN, float.NaN }, 0, false)]
    [TestCase(new[] { float.NaN, 5, float.NaN }, 0, false)]
    [TestCase(new[] { 5, float.PositiveInfinity, float.NaN }, 2, false)]
    [TestCase(new[] { 1, float.PositiveInfinity, float.PositiveInfinity }, 1, true)]
    [TestCase(new[] { float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity }, 0, true)]
    [TestCase(new[] { float.NegativeInfinity, float.MinValue, float.NegativeInfinity }, 1, true)]
    [TestCase(new[] { -0f, 0f, 0f }, 0, true)]
    [TestCase(new[] { -1f, -0f, 0f }, 1, true)]
    public void Rows_that_are_not_finite_or_have_signed_zeros_have_at_most_one_class(float[] row, int best, bool counts)
    {
        var x = Tensor.From([1, 3], row);
        Assert.That(x.ArgMax(), Is.EqualTo((int[])[best]));
        for (var label = 0; label < 3; label++)
            Assert.That(x.CorrectCount(label), Is.EqualTo(counts && label == best ? 1 : 0), $"label {label}");
    }

    [Test]
    public void No_row_of_NaN_is_correct() =>
        Assert.That(Tensor.Full([10, 10], float.NaN).Accuracy([.. Enumerable.Range(0, 10)]), Is.Zero);
}
