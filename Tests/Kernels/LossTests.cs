using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Losses where the op table does not look: options, extremes, ignored rows, memory.</summary>
[Category("Kernels")]
public sealed class LossTests
{
    public static IEnumerable<TestCaseData> BadOptions()
    {
        var (x, labels) = (Tensor.Zeros([2, 3]), new Labels([0, 1]));
        yield return Bad("labelSmoothing", () => x.CrossEntropy(labels, labelSmoothing: 1.5f));
        yield return Bad("labelSmoothing", () => x.CrossEntropy(labels, labelSmoothing: float.NaN));
        yield return Bad("labelSmoothing", () => x.CrossEntropy(x, labelSmoothing: -0.1f));
        yield return Bad("reduction", () => x.CrossEntropy(labels, reduction: (LossReduction)7));
        yield return Bad("reduction", () => x.CrossEntropy(x, reduction: (LossReduction)7));
        yield return Bad("reduction", () => x.NllLoss(labels, reduction: (LossReduction)(-1)));
        yield return Bad("reduction", () => x.MseLoss(x, (LossReduction)3));
        yield return Bad("reduction", () => x.BinaryCrossEntropyWithLogits(x, x, reduction: (LossReduction)3));
        yield return Bad("delta", () => x.HuberLoss(x, 0));
        yield return Bad("delta", () => x.HuberLoss(x, float.PositiveInfinity));
        yield return Bad("beta", () => x.SmoothL1Loss(x, -1));
        yield return Bad("labels", () => x.CrossEntropy(new Labels([0, 3]), Tensor.Full([3], 1)));
        yield return Bad("labels", () => x.NllLoss(new Labels([-1, 0])));

        static TestCaseData Bad(string parameter, Func<Tensor> call) => new(parameter, call);
    }

    [TestCaseSource(nameof(BadOptions))]
    public void An_option_outside_its_range_is_refused(string parameter, Func<Tensor> call) =>
        Assert.That(call, Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo(parameter));

    [Test]
    public void Class_weights_have_no_gradient_and_are_where_the_logits_are()
    {
        var (x, labels, weight) = (Tensor.Zeros([2, 3]), new Labels([0, 1]), Tensor.Full([3], 1));
        weight.RequiresGrad = true;
        Assert.That(() => x.CrossEntropy(labels, weight), Throws.ArgumentException.With.Message.Contains("Detach"));
        Assert.That(() => x.NllLoss(labels, weight.Detach()).Item(), Is.Zero);
        var elsewhere = weight.Detach().To(new CpuDevice(threads: 1));
        Assert.That(() => x.NllLoss(labels, elsewhere), Throws.ArgumentException.With.Message.Contains("To(device)"));
    }

    [Test]
    public void Weights_of_one_and_no_ignored_label_change_nothing()
    {
        var rng = new Rng(3);
        var (x, labels) = (Tensor.Uniform([300, 7], -3, 3, rng), LabelsBelow(7, 300));
        var plain = x.CrossEntropy(labels).Item();
        Assert.That(x.CrossEntropy(labels, Tensor.Full([7], 1)).Item(), Is.EqualTo(plain).Within(1e-6));
        Assert.That(x.LogSoftmax().NllLoss(labels).Item(), Is.EqualTo(plain).Within(1e-6));
        Assert.That(
            x.CrossEntropy(labels, reduction: LossReduction.None).Mean().Item(), Is.EqualTo(plain).Within(1e-6));
        Assert.That(
            x.CrossEntropy(labels, reduction: LossReduction.Sum).Item() / 300, Is.EqualTo(plain).Within(1e-6));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Ignored_rows_have_no_loss_and_no_gradient_even_where_they_are_NaN(bool isNll)
    {
        var x = Tensor.From([3, 2], [0, 0, float.NaN, 1, 0, 0]);
        x.RequiresGrad = true;
        var labels = new Labels([1, -100, 0]);
        var loss = isNll ? x.LogSoftmax().NllLoss(labels) : x.CrossEntropy(labels);
        Assert.That(loss.Item(), Is.EqualTo(Math.Log(2)).Within(1e-6));
        loss.Backward();
        var gradient = x.Grad!.ToArray();
        Assert.That(gradient[..2], Is.EqualTo(new[] { 0.25f, -0.25f }).Within(1e-6));
        if (!isNll) Assert.That(gradient[2..4], Is.All.Zero);
    }

    [Test]
    public void Where_every_row_is_ignored_the_mean_is_NaN_and_the_sum_0()
    {
        var (x, labels) = (Tensor.Zeros([2, 3]), new Labels([9, 9]));
        Assert.That(x.CrossEntropy(labels, ignoreIndex: 9).Item(), Is.NaN);
        Assert.That(x.CrossEntropy(labels, ignoreIndex: 9, reduction: LossReduction.Sum).Item(), Is.Zero);
        Assert.That(x.NllLoss(labels, ignoreIndex: 9).Item(), Is.NaN);
        Assert.That(x.NllLoss(labels, ignoreIndex: 9, reduction: LossReduction.None).ToArray(), Is.All.Zero);
    }

    [Test]
    public void Labels_that_were_overwritten_before_Backward_are_an_error()
    {
        foreach (var loss in (Func<Tensor, Labels, Tensor>[])
        [
            (x, labels) => x.CrossEntropy(labels, labelSmoothing: 0.1f), (x, labels) => x.NllLoss(labels),
        ])
        {
            var (x, labels) = (Tensor.Zeros([2, 3]), new Labels([0, 1]));
            x.RequiresGrad = true;
            var y = loss(x, labels);
            labels.CopyFrom([1, 2]);
            Assert.That(y.Backward, Throws.InvalidOperationException.With.Message.Contains("2 labels was overwritten"));
        }
    }

    [Test]
    public void Binary_cross_entropy_neither_overflows_nor_loses_small_losses()
    {
        var x = Tensor.From([6], [1000, -1000, 1000, -1000, 20, -20]);
        var target = Tensor.From([6], [1, 1, 0, 0, 1, 0]);
        var loss = x.BinaryCrossEntropyWithLogits(target, reduction: LossReduction.None).ToArray();
        Assert.That(loss[..4], Is.EqualTo(new[] { 0f, 1000, 1000, 0 }));
        var small = Math.Exp(-20);      // log(1 + e⁻²⁰), but for half of e⁻⁴⁰
        Assert.That(loss[4..], Is.All.EqualTo(small).Within(1e-6 * small));
    }

    public static IEnumerable<TestCaseData> Formulas()
    {
        yield return Row("Mse", (x, t) => x.MseLoss(t, LossReduction.None), (x, t) => (x - t) * (x - t));
        yield return Row("L1", (x, t) => x.L1Loss(t, LossReduction.None), (x, t) => Math.Abs(x - t));
        yield return Row(
            "Huber", (x, t) => x.HuberLoss(t, 0.5f, LossReduction.None),
            (x, t) => Math.Abs(x - t) <= 0.5 ? (x - t) * (x - t) / 2 : 0.5 * (Math.Abs(x - t) - 0.25));
        yield return Row(
            "Binary", (x, t) => x.BinaryCrossEntropyWithLogits(t, reduction: LossReduction.None),
            (x, t) => Math.Log(1 + Math.Exp(x)) - x * t);

        static TestCaseData Row(string name, Func<Tensor, Tensor, Tensor> op, Func<double, double, double> right) =>
            new(name, op, right);
    }

    [TestCaseSource(nameof(Formulas))]
    public void Every_length(string name, Func<Tensor, Tensor, Tensor> op, Func<double, double, double> right)
    {
        var rng = new Rng(4);
        for (var n = 0; n <= 70; n++)
        {
            var (x, t) = (Tensor.Uniform([n], -3, 3, rng), Tensor.Uniform([n], -3, 3, rng));
            double[] expected = [.. x.ToArray().Zip(t.ToArray(), (a, b) => right(a, b))];
            Assert.That(op(x, t).ToArray(), Is.EqualTo(expected).Within(1e-5), $"{name}, length {n}");
        }
    }

    public static IEnumerable<TestCaseData> Losses()
    {
        yield return Row("CrossEntropy", (x, t) => x.CrossEntropy(LabelsBelow(5, 64), labelSmoothing: 0.1f));
        yield return Row("CrossEntropy of each", (x, t) =>
        {
            var each = x.CrossEntropy(LabelsBelow(5, 64), reduction: LossReduction.None);
            var sum = each.Sum();
            each.Release();
            return sum;
        });
        yield return Row("CrossEntropy of probabilities", (x, t) => x.CrossEntropy(t, labelSmoothing: 0.1f));
        yield return Row("NllLoss", (x, t) => x.NllLoss(LabelsBelow(5, 64)));
        yield return Row("MseLoss", (x, t) => x.MseLoss(t));
        yield return Row("HuberLoss", (x, t) => x.HuberLoss(t));
        yield return Row("Weighted", (x, t) => x.BinaryCrossEntropyWithLogits(t, t, t));

        static TestCaseData Row(string name, Func<Tensor, Tensor, Tensor> loss) => new(name, loss);
    }

    /// <summary>The graph's storage is freed by Backward, that of a loss without a graph by the op itself.</summary>
    [TestCaseSource(nameof(Losses))]
    public void Nothing_but_the_loss_stays_allocated(string name, Func<Tensor, Tensor, Tensor> loss)
    {
        var device = new CpuDevice(threads: 1);
        var (x, t) = (Tensor.Zeros([64, 5], device), Tensor.Full([64, 5], 0.2f, device));
        x.RequiresGrad = true;
        var before = device.Memory.Allocated;
        using (GradMode.NoGrad()) loss(x, t).Release();
        Assert.That(device.Memory.Allocated, Is.EqualTo(before), $"{name} without a graph");
        loss(x, t).Backward();
        x.Grad = null;
        Assert.That(device.Memory.Allocated - before, Is.LessThanOrEqualTo(64), $"{name}: the root is kept");
    }

    [Test]
    public void The_layers_are_the_ops_with_their_options()
    {
        var rng = new Rng(5);
        var (x, t) = (Tensor.Uniform([4, 3], -2, 2, rng), Tensor.Uniform([4, 3], 0, 1, rng));
        var (labels, weight) = (new Labels([0, 2, 1, 2]), Tensor.From([3], [1, 2, 0.5f]));
        Equal(
            new CrossEntropyLoss(weight, 2, 0.1f, LossReduction.Sum).Forward(x, labels),
            x.CrossEntropy(labels, weight, 2, 0.1f, LossReduction.Sum));
        Equal(
            new CrossEntropyLoss(weight, labelSmoothing: 0.1f).Forward(x, t),
            x.CrossEntropy(t, weight, 0.1f));
        Equal(
            new NLLLoss(weight, 0, LossReduction.None).Forward(x, labels),
            x.NllLoss(labels, weight, 0, LossReduction.None));
        Equal(new MSELoss().Forward(x, t), x.MseLoss(t));
        Equal(new L1Loss(LossReduction.Sum).Forward(x, t), x.L1Loss(t, LossReduction.Sum));
        Equal(new HuberLoss(0.5f).Forward(x, t), x.HuberLoss(t, 0.5f));
        Equal(new SmoothL1Loss(0.5f).Forward(x, t), x.SmoothL1Loss(t, 0.5f));
        Equal(
            new BCEWithLogitsLoss(posWeight: weight).Forward(x, t),
            x.BinaryCrossEntropyWithLogits(t, posWeight: weight));

        static void Equal(Tensor actual, Tensor expected) =>
            Assert.That(actual.ToArray(), Is.EqualTo(expected.ToArray()));
    }

    [Test]
    public void A_target_is_labels_or_values()
    {
        Target labels = new Labels([2, 1, 1], [0, 1]), values = Tensor.Zeros([2, 1]);
        Assert.That((labels.HasLabels, labels.HasLabelPerItem, values.HasLabels), Is.EqualTo((true, false, false)));
        Assert.That(() => labels.Values, Throws.InvalidOperationException.With.Message.Contains("[2, 1, 1]"));
        Assert.That(() => values.Labels, Throws.InvalidOperationException.With.Message.Contains("[2, 1]"));
        Assert.That(
            () => new MSELoss().Forward(Tensor.Zeros([2]), new Labels([0, 1])), Throws.InvalidOperationException);
        Assert.That(() => new Labels([2, 2], [0]), Throws.TypeOf<ShapeException>().With.Message.Contains("[2, 2]"));
    }

    private static Labels LabelsBelow(int classes, int count) =>
        new([.. Enumerable.Range(0, count).Select(i => i * 3 % classes)]);
}
