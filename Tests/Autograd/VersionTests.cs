using NUnit.Framework;
using NUnit.Framework.Constraints;

namespace PyNetSharp.Tests;

/// <summary>A change between forward and backward is an error, or does not change a gradient.</summary>
[Category("Kernels")]
public sealed class VersionTests
{
    private const string Rule = "Call Backward before";

    /// <summary>
    /// Each input, and the result, overwritten after forward: Backward refuses, or its gradients are those of the
    /// forward pass.
    /// </summary>
    [TestCaseSource(typeof(OpTable), nameof(OpTable.Rows))]
    public void An_op_never_computes_the_gradient_of_other_contents(OpRow row) => CheckOverwriting(row, Device.Cpu);

    [Test]
    public void A_weight_overwritten_is_named_with_its_op()
    {
        Tensor x = Leaf(2), w = new Parameter(Tensor.From([1], [3]));
        var y = (x * w).Sum();
        w.CopyFrom([100]);
        Assert.That(y.Backward, Refuses("the parameter [1]", "Multiply", "overwritten"));
    }

    [Test]
    public void An_input_refilled_is_named_with_its_op()
    {
        var x = Tensor.Full([1, 1, 1, 1], 1);
        var w = Leaf([1, 1, 1, 1], 1);
        var y = x.Conv2d(w).Sum();
        x.Fill(() => 50);
        Assert.That(y.Backward, Refuses("the tensor [1, 1, 1, 1]", "Conv2d", "overwritten"));
    }

    [Test]
    public void A_result_overwritten_is_named_with_its_op()
    {
        var x = Leaf(2);
        var y = x.Sigmoid();
        y.Detach().CopyFrom([0.5f]);        // over the same storage
        Assert.That(y.Sum().Backward, Refuses("the result [1] of Sigmoid", "overwritten"));
    }

    [Test]
    public void Labels_overwritten_are_found()
    {
        var labels = new Labels([0]);
        var loss = Leaf([1, 2], 0, 0).CrossEntropy(labels);
        labels.CopyFrom([1]);
        Assert.That(loss.Backward, Refuses("labels", "CrossEntropy", "overwritten"));
    }

    [TestCase("sgd")]
    [TestCase("momentum")]
    [TestCase("adam")]
    public void An_optimizer_s_step_is_found(string kind)
    {
        var linear = new Linear(1, 1, new Rng(1), bias: false);
        Optimizer optimizer = kind switch
        {
            "sgd" => new Sgd(linear.Parameters(), 1),
            "momentum" => new Sgd(linear.Parameters(), 1, momentum: 0.9f),
            _ => new Adam(linear.Parameters()),
        };
        linear.Forward(Leaf([1, 1], 1)).Sum().Backward();
        var second = linear.Forward(Leaf([1, 1], 5)).Sum();
        optimizer.Step();
        Assert.That(second.Backward, Refuses("the parameter [1, 1]", "Linear", "overwritten"));
    }

    [Test]
    public void A_step_that_changes_nothing_is_no_change()
    {
        var linear = new Linear(1, 1, new Rng(1), bias: false);
        var x = Leaf([1, 1], 5);
        var y = linear.Forward(x).Sum();
        new Sgd(linear.Parameters(), 1).Step();      // no gradient yet
        y.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(linear.Weight.ToArray()));
    }

    [Test]
    public void Loading_weights_or_a_checkpoint_is_found()
    {
        using var folder = new TemporaryFolder();
        var (model, optimizer) = Model();
        model.Save(folder["weights"]);
        Checkpoint.Save(folder["checkpoint"], model, optimizer, 1);

        var y = model.Forward(Leaf([1, 1], 5)).Sum();
        model.Load(folder["weights"]);
        Assert.That(y.Backward, Refuses("the parameter [1, 1]", "Linear", "overwritten"));

        y = model.Forward(Leaf([1, 1], 5)).Sum();
        Checkpoint.Load(folder["checkpoint"], model, optimizer);
        Assert.That(y.Backward, Refuses("the parameter [1, 1]", "Linear", "overwritten"));

        var snapshot = new Snapshot(model);
        y = model.Forward(Leaf([1, 1], 5)).Sum();
        snapshot.Restore();
        Assert.That(y.Backward, Refuses("the parameter [1, 1]", "Linear", "overwritten"));

        static (Linear, Optimizer) Model()
        {
            var model = new Linear(1, 1, new Rng(1), bias: false);
            return (model, new Sgd(model.Parameters(), 1));
        }
    }

    [Test]
    public void Moving_a_weight_is_found()
    {
        var model = new Linear(1, 1, new Rng(1), bias: false);
        var y = model.Forward(Leaf([1, 1], 5)).Sum();
        model.To(new CpuDevice(threads: 1));
        Assert.That(y.Backward, Refuses("the parameter [1, 1]", "Linear", "moved"));
    }

    /// <summary>Where the gradient does not need the weight, it follows it.</summary>
    [Test]
    public void A_gradient_goes_to_where_its_parameter_is()
    {
        var model = new Linear(3, 2, new Rng(1));
        var device = new CpuDevice(threads: 1);
        var loss = model.Forward(Tensor.From([1, 3], [1, 2, 3])).CrossEntropy(1);
        model.To(device);
        loss.Backward();
        Assert.That(model.Parameters().Select(p => p.Grad!.Device), Is.All.SameAs(device));
    }

    [Test]
    public void Running_statistics_may_change_after_evaluation()
    {
        Tensor mean = Tensor.Zeros([1]), variance = Tensor.Full([1], 1), w = Leaf(1), b = Leaf(0);
        var y = Tensor.From([2, 1], [1, 3]).BatchNorm(mean, variance, w, b).Sum();
        mean.CopyFrom([100]);
        y.Backward();
        Assert.That(w.Grad!.Item(), Is.EqualTo(4).Within(1e-4), "what forward normalized by: eps takes 2e-5 of it");
    }

    [Test]
    public void Changing_what_no_gradient_reads_is_free()
    {
        Tensor a = Leaf(1), b = Leaf(2);
        var y = (a + b).Sum();
        a.CopyFrom([7]);
        y.Backward();
        Assert.That((a.Grad!.Item(), b.Grad!.Item()), Is.EqualTo((1f, 1f)));
    }

    internal static void CheckOverwriting(OpRow row, Device device)
    {
        var right = Gradients(-1);
        for (var which = 0; which <= row.Shapes.Length; which++)
        {
            float[][] gradients;
            try
            {
                gradients = Gradients(which);
            }
            catch (InvalidOperationException refusal)
            {
                Assert.That(refusal.Message, Does.Contain(Rule).And.Contain("overwritten"));
                continue;
            }

            Assert.That(gradients, Is.EqualTo(right), $"tensor {which} overwritten");
        }

        float[][] Gradients(int overwritten)
        {
            var x = row.DrawInputs(row.Shapes, device);
            foreach (var leaf in x) leaf.RequiresGrad = true;
            var y = row.Op(x);
            var dy = Tensor.Uniform(y.Shape, -1, 1, new Rng(3), device);
            Tensor[] all = [.. x, y];
            if (overwritten >= 0 && !(overwritten == x.Length && x.Contains(y))) all[overwritten].Fill(() => 0.77f);
            y.Backward(dy);
            return [.. x.Select(leaf => leaf.Grad!.ToArray())];
        }
    }

    private static ContainsConstraint Refuses(params string[] parts) => parts.Aggregate(
        Throws.InvalidOperationException.With.Message.Contains(Rule), (all, part) => all.And.Message.Contains(part));

    private static Tensor Leaf(float value) => Leaf([1], value);

    private static Tensor Leaf(Shape shape, params float[] values)
    {
        var leaf = Tensor.From(shape, values);
        leaf.RequiresGrad = true;
        return leaf;
    }
}
