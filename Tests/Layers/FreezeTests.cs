using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Evaluation, tracing and training restore each module's mode and respect frozen modules.</summary>
public sealed class FreezeTests
{
    private static readonly FeatureDataset Data = new(
        "numbers", ["a", "b"],
        [.. Enumerable.Range(0, 20).Select(i => i / 10f)], [.. Enumerable.Range(0, 20).Select(i => i % 2)]);

    [Test]
    public void Evaluation_and_tracing_restore_each_modules_mode([Values] bool training)
    {
        var (norm, drop) = (new BatchNorm1d(1), new Dropout(new Rng(1)));
        var model = new Sequential(norm, drop, new Linear(1, 2, new Rng(1)));
        if (!training) model.Eval();
        norm.Eval();
        drop.Train();

        Evaluation.Run(model, new DataLoader(Data, 5, shuffle: false));
        Check();
        ModelSummary.Of(model, [1]);
        Check();
        Assert.That(
            () => Evaluation.Run(model, new DataLoader(Data, 5), cancellation: new(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Check();
        Assert.That(() => ModelSummary.Of(model, [1, 2, 3]), Throws.InstanceOf<ShapeException>());
        Check();

        void Check() => Assert.That(
            (model.Training, norm.Training, drop.Training), Is.EqualTo((training, false, true)));
    }

    [Test]
    public void A_trainer_keeps_modules_in_evaluation_mode()
    {
        var norm = new BatchNorm1d(1);
        var model = new Sequential(norm, new Linear(1, 2, new Rng(1)));
        norm.Eval();
        new Trainer(model, new DataLoader(Data, 5), new DataLoader(Data, 5), new Sgd(model.Parameters(), 0.1f)).Run(2);
        Assert.That((norm.Training, norm.RunningMean.Item(), norm.RunningVar.Item()), Is.EqualTo((false, 0f, 1f)));
        Assert.That(norm.Weight.Item(), Is.Not.EqualTo(1), "it is trained all the same");
    }

    [Test]
    public void A_trainer_trains_a_model_that_is_in_evaluation()
    {
        var norm = new BatchNorm1d(1);
        var model = new Sequential(norm, new Linear(1, 2, new Rng(1)));
        model.Eval();
        new Trainer(model, new DataLoader(Data, 5), null, new Sgd(model.Parameters(), 0.1f)).Run(1);
        Assert.That((norm.Training, norm.RunningMean.Item() == 0), Is.EqualTo((true, false)));
    }

    [Test]
    public void A_frozen_module_does_not_change_until_it_is_unfrozen()
    {
        var rng = new Rng(1);
        var body = new Sequential(new Linear(1, 4, rng), new BatchNorm1d(4), new Dropout(rng));
        var model = new Sequential(body, new Linear(4, 2, rng));
        var sgd = new Sgd(model.Parameters(), 0.1f, momentum: 0.9f, weightDecay: 0.1f);
        body.Freeze();
        model.Train();
        Assert.That(body.Descendants().Select(d => d.Module.Training), Is.All.False);

        var before = Numbers(body);
        new Trainer(model, new DataLoader(Data, 5), new DataLoader(Data, 5), sgd).Run(2);
        Assert.That(Numbers(body), Is.EqualTo(before));
        Assert.That(body.Parameters().Select(p => p.Grad), Is.All.Null);
        Assert.That((model.Training, body.IsFrozen), Is.EqualTo((true, true)));

        body.Unfreeze();
        Assert.That(body.Descendants().Select(d => d.Module.Training), Is.All.True);
        new Trainer(model, new DataLoader(Data, 5), null, sgd).Run(1);
        Assert.That(Numbers(body), Is.Not.EqualTo(before));
    }

    /// <summary>The usual fine-tuning: everything frozen, the head not.</summary>
    [Test]
    public void A_head_unfrozen_in_a_frozen_model_keeps_its_own_modes()
    {
        var (norm, rng) = (new BatchNorm1d(1), new Rng(1));
        var model = new Sequential(("body", new Sequential(norm)), ("head", new Linear(1, 2, rng)));
        model.Freeze();
        model["head"].Unfreeze();
        norm.Unfreeze();
        norm.Eval();
        var before = Numbers(model["head"]);
        new Trainer(model, new DataLoader(Data, 5), null, new Sgd(model.Parameters(), 0.1f)).Run(2);
        Assert.That((norm.Training, norm.RunningMean.Item()), Is.EqualTo((false, 0f)));
        Assert.That(Numbers(model["head"]), Is.Not.EqualTo(before));
    }

    [Test]
    public void What_is_frozen_before_Backward_gets_no_gradient()
    {
        var (frozen, head) = (new Linear(1, 2, new Rng(1)), new Linear(2, 2, new Rng(1)));
        var loss = head.Forward(frozen.Forward(Tensor.Full([1, 1], 1))).Sum();
        frozen.Freeze();
        loss.Backward();
        Assert.That((frozen.Weight.Grad, head.Weight.Grad is null), Is.EqualTo(((Tensor?)null, false)));
    }

    [Test]
    public void Unfreezing_restores_RequiresGrad()
    {
        var layer = new Linear(2, 2, new Rng(1));
        layer.Bias!.RequiresGrad = false;
        layer.Freeze();
        layer.Freeze();
        Assert.That(layer.Weight.RequiresGrad, Is.False);
        layer.Unfreeze();
        Assert.That(
            (layer.Weight.RequiresGrad, layer.Bias.RequiresGrad, layer.Training), Is.EqualTo((true, false, true)));
    }

    [Test]
    public void A_trainer_needs_something_to_train()
    {
        var model = new Sequential(new Linear(1, 2, new Rng(1)));
        var sgd = new Sgd(model.Parameters(), 0.1f);
        Assert.That(
            () => new Trainer(new Flatten(), new DataLoader(Data, 5), null, sgd),
            Throws.ArgumentException.With.Message.Contains("no parameters"));
        Assert.That(
            () => new Trainer(new Linear(1, 2, new Rng(1)), new DataLoader(Data, 5), null, sgd).Run(1),
            Throws.InvalidOperationException.With.Message.Contains("trains none of the parameters"));
        model.Freeze();
        Assert.That(
            () => new Trainer(model, new DataLoader(Data, 5), null, sgd).Run(1),
            Throws.InvalidOperationException.With.Message.Contains("frozen"));
    }

    private static float[] Numbers(Module model) => [.. model.State().SelectMany(s => s.Tensor.ToArray())];
}
