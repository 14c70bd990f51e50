using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>A loss that is not finite because of the data or the weights is said to be so.</summary>
public sealed class NonFiniteTests
{
    private const string Advice = "smaller learning rate";

    [TestCase(float.NaN, "NaN", "cpu")]
    [TestCase(float.PositiveInfinity, "infinity", "cpu")]
    [TestCase(float.NaN, "NaN", "emulated")]        // where the loss is known later
    public void A_faulty_item_is_named_by_its_index(float value, string name, string device)
    {
        float[] x = [.. Enumerable.Range(0, 40).Select(i => (float)(i % 3))];
        x[2 * 13 + 1] = value;
        var there = DeviceCatalog.Open(device);
        var data = new FeatureDataset("bad", ["a", "b"], x, [.. Enumerable.Range(0, 20).Select(i => i % 2)]);
        var model = Perceptron().To(there);
        var before = Numbers(model);
        var train = new DataLoader(data, 4, seed: 9, device: there);
        var trainer = new Trainer(model, train, null, new Sgd(model.Parameters(), 0.01f));
        var fault = Assert.Throws<DivergenceException>(() => trainer.Run(1))!;
        Assert.That(fault.Message, Does.Contain($"The input of item 13 of the data set contains {name}"));
        Assert.That(fault.Message, Does.Not.Contain(Advice));
        Assert.That(Numbers(model), Is.All.Matches<float>(float.IsFinite));
        Assert.That(before, Has.Length.EqualTo(Numbers(model).Length));
    }

    [Test]
    public void A_faulty_target_is_named([Values] bool inTest)
    {
        var x = Tensor.Uniform([12, 2], -1, 1, new(1)).ToArray();
        var y = Tensor.Uniform([12, 2], -1, 1, new(2)).ToArray();
        var good = new TensorDataset(Tensor.From([12, 2], x), Tensor.From([12, 2], y));
        y[9] = float.NaN;
        var bad = new TensorDataset(Tensor.From([12, 2], x), Tensor.From([12, 2], y));
        var model = Perceptron();
        var trainer = new Trainer(
            model, new(inTest ? good : bad, 5, seed: 3), new(inTest ? bad : good, 5, shuffle: false),
            new Sgd(model.Parameters(), 0.01f), new MSELoss());
        var set = inTest ? "test" : "data";
        Assert.That(
            () => trainer.Run(1),
            Throws.TypeOf<DivergenceException>()
                .With.Message.Contains($"The target of item 4 of the {set} set contains NaN"));
    }

    [Test]
    public void Weights_that_were_faulty_before_are_named()
    {
        var model = Perceptron();
        model.Parameters()[2].CopyFrom([.. Enumerable.Repeat(float.NaN, model.Parameters()[2].Shape.Size)]);
        Assert.That(
            () => NewTrainer(model).Run(1),
            Throws.TypeOf<DivergenceException>()
                .With.Message.Contains("The parameter '2.weight' contains NaN, and did so")
                .And.Message.Not.Contains(Advice));
    }

    [Test]
    public void A_divergence_is_still_one()
    {
        var fault = Assert.Throws<DivergenceException>(() => NewTrainer(Perceptron(), rate: 1e20f).Run(3))!;
        Assert.That(fault.Message, Does.Contain(Advice).And.Not.Contain("item"));
    }

    [Test]
    public void A_loop_of_one_s_own_gives_the_batch()
    {
        var model = Perceptron();
        var guard = new DivergenceGuard(model);
        var x = Tensor.From([2, 2], [1, 2, 3, float.NegativeInfinity]);
        Assert.That(guard.Update(float.NaN, 1), Is.False);
        Assert.That(
            () => guard.ThrowIfDiverged(0.1, new(x, new Labels([0, 1]))),
            Throws.TypeOf<DivergenceException>()
                .With.Message.Contains("The input of item 1 of the batch contains infinity"));
        guard.ThrowIfDiverged(0.1);
    }

    [Test]
    public void A_gradient_check_says_where_a_number_comes_from()
    {
        var x = Tensor.From([3], [1, -2, 3]);
        Assert.That(
            () => GradientCheck.Of(x => x[0].Log(), x),
            Throws.InvalidOperationException.With.Message.Contains("result [3] contains NaN (its element 1)")
                .And.Message.Contains("all inputs are finite"));
        Assert.That(
            () => GradientCheck.Of(x => x[0] * x[1], Tensor.Ones([2]), Tensor.From([2], [0, float.PositiveInfinity])),
            Throws.InvalidOperationException.With.Message.Contains("input 1 [2] does so too"));
        var rng = new Rng(1);
        var net = new Sequential(new Linear(3, 3, rng), new Sequential(new Logarithm()), new Linear(3, 2, rng));
        Assert.That(
            () => GradientCheck.Of(net, Tensor.Uniform([4, 3], -1, 1, rng)),
            Throws.InvalidOperationException.With.Message.Contains("the layer '1.0', Logarithm(), is the first"));
        Assert.That(net.Descendants().Select(d => d.Module.HasForwardHooks), Is.All.False);
    }

    private sealed class Logarithm : Module
    {
        protected override Tensor Forward(Tensor x) => x.Log();
    }
}
