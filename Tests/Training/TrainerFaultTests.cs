using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>Divergence, dead networks, unreadable data, and what the trainer checks before it starts.</summary>
public sealed class TrainerFaultTests
{
    [Test]
    public void A_loss_that_is_not_finite_stops_the_run_with_the_weights_from_before_the_faulty_update()
    {
        var model = new NanModule(Perceptron(), at: 6);
        var recorder = new RecordingCallback { Model = model };
        var trainer = NewTrainer(model, recorder: recorder);

        var fault = Assert.Throws<DivergenceException>(() => trainer.Run(5))!;

        Assert.That(fault.Step, Is.EqualTo(6));
        Assert.That(fault.LearningRate, Is.EqualTo(0.1));
        Assert.That(fault.Message, Does.Contain("NaN").And.Contain("step 6").And.Contain("0.1"));
        Assert.That(Numbers(model), Is.EqualTo(recorder.Weights[3]));     // after step 4: step 5 caused the fault
        Assert.That(trainer.History, Has.Count.EqualTo(2));
        Assert.That(trainer.History[1].TrainLoss, Is.NaN);
        Assert.That(recorder.Epochs[^1].IsBest, Is.False);
        Assert.That(trainer.Best!.Epoch, Is.EqualTo(1));
    }

    [TestCase(true, 6)]
    [TestCase(false, 8)]
    public void Data_that_become_unreadable_end_the_run_with_the_steps_so_far(bool training, int steps)
    {
        var recorder = new RecordingCallback();
        var model = Perceptron();
        var reads = 0;
        // An epoch is four batches, its evaluation two. The second epoch fails after two steps, or in its evaluation.
        var broken = training
            ? new FailingDataset(Xor.Train, () => ++reads > 300)
            : new FailingDataset(Xor.Test, () => ++reads > 150);
        var train = NewLoader(training ? broken : Xor.Train);
        var test = NewLoader(training ? Xor.Test : broken);
        var trainer = new Trainer(model, train, test, new Sgd(model.Parameters(), 0.1f)) { Callbacks = [recorder] };

        Assert.That(() => trainer.Run(5), Throws.TypeOf<InputException>().With.Message.EqualTo("gone"));

        Assert.That(trainer.Step, Is.EqualTo(steps));
        Assert.That(recorder.Epochs.Select(e => e.Epoch.Step), Is.EqualTo(new long[] { 4, steps }));
        Assert.That(recorder.Epochs[1].Epoch.TrainLoss, Is.GreaterThan(0));
        Assert.That(recorder.Epochs[1].Epoch.TestAccuracy, Is.Null);
    }

    [Test]
    public void A_divergence_in_the_last_evaluation_is_found()
    {
        var model = new NanModule(Perceptron(), at: null);
        var trainer = NewTrainer(model);
        Assert.That(() => trainer.Run(1), Throws.TypeOf<DivergenceException>().With.Message.Contains("step 4"));
    }

    [Test]
    public void Dead_last_ReLUs_are_reported()
    {
        var last = new Linear(2, 2, new Rng(3));
        last.Bias!.CopyFrom([-100f, -100f]);
        var trainer = NewTrainer(new Sequential(last, new ReLU()));

        var fault = Assert.Throws<DeadReluException>(() => trainer.Run(100))!;

        Assert.That(fault.Step, Is.EqualTo(10));
        foreach (var text in (string[])["has died", "step 10", "0.6931", "smaller than 0.1"])
            Assert.That(fault.Message, Does.Contain(text));
        Assert.That(trainer.History[^1].Step, Is.EqualTo(10));
    }

    [Test]
    public void Dead_hidden_ReLUs_are_reported()
    {
        var hidden = new Linear(2, 8, new Rng(3));
        hidden.Bias!.CopyFrom([.. Enumerable.Repeat(-100f, 8)]);
        var trainer = NewTrainer(new Sequential(hidden, new ReLU(), new Linear(8, 2, new Rng(4))));

        Assert.That(() => trainer.Run(100), Throws.TypeOf<DeadReluException>());
    }

    /// <summary>The other goes on learning, so it may come to life again.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void A_dead_class_is_counted(bool isDead)
    {
        var last = new Linear(2, 2, new Rng(3));
        last.Bias!.CopyFrom([1, isDead ? -100 : 1]);
        var trainer = NewTrainer(new Sequential(last, new ReLU()));

        trainer.Run(2);

        Assert.That(trainer.History.Select(e => e.ConstantClasses), Is.All.EqualTo(isDead ? 1 : (int?)null));
    }

    [Test]
    public void A_network_that_recovers_is_not_dead()
    {
        var model = new ZeroOutputModule(Perceptron(), batches: 9);
        Assert.That(() => NewTrainer(model).Run(5), Throws.Nothing);
    }

    [TestCase(199)]
    [TestCase(66)]
    [TestCase(1)]
    public void A_batch_of_one_is_refused_at_once_by_a_normalization_of_features(int batchSize)
    {
        var model = new Sequential(new Linear(2, 4, new Rng(1)), new BatchNorm1d(4));
        var optimizer = new Sgd(model.Parameters(), 0.1f);
        var loader = new DataLoader(Xor.Train.Take(199), batchSize);
        Assert.That(
            () => new Trainer(model, loader, null, optimizer),
            batchSize == 199
                ? Throws.Nothing
                : Throws.TypeOf<InputException>().With.Message.Contains("choose another batch size"));
        Assert.That(() => new Trainer(Perceptron(), loader, null, optimizer), Throws.Nothing);
    }

    /// <summary>Wherever in the model the normalization is.</summary>
    [TestCase(4, true)]
    [TestCase(3, false)]
    public void A_batch_of_one_is_refused_where_feature_maps_have_one_pixel(int kernel, bool refused)
    {
        byte[] pixels = [.. Enumerable.Range(0, 144).Select(i => (byte)i)];
        int[] labels = [.. Enumerable.Range(0, 9).Select(i => i % 2)];
        var images = new ImageDataset("images", ["a", "b"], [1, 4, 4], pixels, labels);
        var model = new UntrackedModule(new Sequential(
            new Conv2d(1, 4, kernel, new Rng(1)), new BatchNorm2d(4), new Dropout(new Rng(5)), new GlobalAvgPool2d(),
            new Linear(4, 2, new Rng(2))));
        var before = (Numbers(model), model.Generators().Single().Rng.State);
        Assert.That(
            Create,
            !refused
                ? Throws.Nothing
                : Throws.TypeOf<InputException>()
                    .With.Message.Contains("one item alone").And.Message.Contains("[1, 4, 1, 1]"));
        var after = (Numbers(model), model.Generators().Single().Rng.State);
        Assert.That(after, Is.EqualTo(before), "the check changes nothing");

        model.Descendants().Select(d => d.Module).OfType<BatchNorm2d>().Single().Eval();
        Assert.That(() => Create().Run(1), Throws.Nothing, "evaluation mode needs no batch statistics");

        Trainer Create() => new(model, new DataLoader(images, 4), null, new Sgd(model.Parameters(), 0.1f));
    }

    [Test]
    public void A_NaN_in_the_test_data_is_not_the_model_s_divergence()
    {
        float[] features = [.. Enumerable.Range(0, 20).Select(i => i == 7 ? float.NaN : i / 20f)];
        var test = new FeatureDataset("test", ["a", "b"], features, [.. Enumerable.Range(0, 10).Select(i => i % 2)]);
        var model = Perceptron();
        new Trainer(model, NewLoader(Xor.Train), NewLoader(test), new Sgd(model.Parameters(), 0.1f)).Run(2);
        Assert.That(Evaluation.Run(model, NewLoader(test)).NanCount, Is.EqualTo(1));
    }

    [Test]
    public void One_class_alone_is_no_dead_network()
    {
        var data = new FeatureDataset("one", ["a"], [.. Enumerable.Range(0, 60).Select(i => i / 60f)], new int[30]);
        var model = new Linear(2, 1, new Rng(1));
        var trainer = new Trainer(model, new DataLoader(data, 2), null, new Sgd(model.Parameters(), 0.1f));
        Assert.That(() => trainer.Run(2), Throws.Nothing);
    }

    [Test]
    public void A_layer_that_the_first_batch_creates_is_an_error()
    {
        var model = new Sequential(new LazyModule(), new Linear(4, 2, new Rng(1)));
        Assert.That(
            () => NewTrainer(model).Run(1),
            Throws.InvalidOperationException.With.Message.Contains("has created 2 parameters since"));
        Assert.That(() => NewTrainer(model).Run(1), Throws.Nothing, "now the layer exists at the start");
    }

    [Test]
    public void An_exception_of_an_op_ends_the_epoch_with_the_steps_so_far()
    {
        var recorder = new RecordingCallback();
        var model = new ThrowingModule(Perceptron(), at: 7);
        var trainer = NewTrainer(model, recorder: recorder);
        Assert.That(() => trainer.Run(5), Throws.TypeOf<NotSupportedException>().With.Message.EqualTo("batch 7"));
        Assert.That(recorder.Epochs.Select(e => e.Epoch.Step), Is.EqualTo(new long[] { 4, 6 }));
        Assert.That(recorder.Epochs[1].Epoch.TrainLoss, Is.GreaterThan(0));
    }

    /// <summary>A data set whose files become unreadable.</summary>
    private sealed class FailingDataset(Dataset whole, Func<bool> isGone)
        : Dataset(whole.Name, whole.ClassNames, whole.ItemShape, whole.Labels.ToArray())
    {
        protected override void ReadItem(int index, Span<float> item)
        {
            if (isGone()) throw new InputException("gone");
            whole.Read(index, item);
        }
    }

    /// <summary>Outputs NaN from one of its training batches on, or in every evaluation.</summary>
    private sealed class NanModule(Module inner, int? at) : Module
    {
        private int batches;

        public Module Inner => inner;

        protected override Tensor Forward(Tensor x) =>
            (Training ? ++batches >= at : at is null) ? inner.Forward(x) * float.NaN : inner.Forward(x);
    }

    private sealed class LazyModule : Module
    {
        private Linear? layer;

        protected override Tensor Forward(Tensor x) => (layer ??= new(x.Shape[1], 4, new Rng(1))).Forward(x);
    }

    private sealed class UntrackedModule(Module inner) : Module
    {
        protected override Tensor Forward(Tensor x) => inner.Forward(x);
    }

    private sealed class ThrowingModule(Module inner, int at) : Module
    {
        private int batches;

        protected override Tensor Forward(Tensor x) =>
            Training && ++batches == at ? throw new NotSupportedException($"batch {at}") : inner.Forward(x);
    }

    /// <summary>Outputs zeros for its first batches.</summary>
    private sealed class ZeroOutputModule(Module inner, int batches) : Module
    {
        private int calls;

        public Module Inner => inner;

        protected override Tensor Forward(Tensor x) =>
            Training && calls++ < batches ? inner.Forward(x) * 0f : inner.Forward(x);
    }
}
