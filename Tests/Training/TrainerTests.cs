using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class TrainerTests
{
    private const int BatchSize = 50;
    private static readonly TrainTestSplit Xor = XorGenerator.Generate(seed: 1, train: 200, test: 100);

    [Test]
    public void A_run_leaves_a_history_and_tells_its_observers()
    {
        var heard = new RecordingCallback();
        var trainer = NewTrainer(Perceptron(), heard: heard, evaluateEvery: 2);

        trainer.Run(5);

        Assert.That(trainer.History.Select(epoch => epoch.Epoch), Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
        Assert.That(trainer.History.Select(epoch => epoch.Step), Is.EqualTo(new long[] { 4, 8, 12, 16, 20 }));
        var measured = trainer.History.Where(epoch => epoch.TestAccuracy is not null);
        Assert.That(measured.Select(epoch => epoch.Epoch), Is.EqualTo(new[] { 2, 4, 5 }));
        Assert.That(heard.Epochs.Select(e => e.Epoch), Is.EqualTo(trainer.History));
        Assert.That(heard.Steps.Select(step => step.Step), Is.EqualTo(Enumerable.Range(1, 20)));
        Assert.That(heard.Steps[5], Has.Property("Epoch").EqualTo(2).And.Property("Batch").EqualTo(2));
        Assert.That(heard.Steps[3].Loss, Is.EqualTo(trainer.History[0].TrainLoss));
        Assert.That(trainer.History[4].TrainLoss, Is.LessThan(trainer.History[0].TrainLoss));
        Assert.That(trainer.BestTestAccuracy, Is.EqualTo(trainer.History.Max(epoch => epoch.TestAccuracy)));
    }

    [Test]
    public void Training_learns_what_a_loop_by_hand_learns()
    {
        var (model, twin) = (Perceptron(), Perceptron());
        var loader = NewLoader(Xor.Train, shuffle: true);
        var optimizer = new Sgd(twin.Parameters(), 0.1f, momentum: 0.9f);
        for (var epoch = 1; epoch <= 2; epoch++)
            foreach (var (x, labels) in loader.Epoch(epoch))
            {
                optimizer.ZeroGrad();
                twin.Forward(x).CrossEntropy(labels).Backward();
                optimizer.Step();
            }

        NewTrainer(model).Run(2);

        Assert.That(Numbers(model), Is.EqualTo(Numbers(twin)));
    }

    [Test]
    public void The_best_weights_are_kept()
    {
        var model = Perceptron();
        var trainer = NewTrainer(model, rate: 2);       // so large that accuracy goes up and down
        trainer.Run(12);

        trainer.RestoreBest();

        Assert.That(trainer.Best!.TestAccuracy, Is.EqualTo(trainer.BestTestAccuracy));
        Assert.That(Evaluation.Run(model, NewLoader(Xor.Test)).Accuracy, Is.EqualTo(trainer.BestTestAccuracy));
        Assert.That(trainer.History.First(e => e.TestAccuracy == trainer.BestTestAccuracy), Is.SameAs(trainer.Best));
    }

    [Test]
    public void An_accuracy_of_NaN_is_never_the_best()
    {
        var known = NewTrainer(Perceptron());
        known.Resume([Epoch(1, double.NaN), Epoch(2, 0.25), Epoch(3, double.NaN)]);
        Assert.That(known.Best!.Epoch, Is.EqualTo(2));

        var unknown = NewTrainer(Perceptron());
        unknown.Resume([Epoch(1, double.NaN)]);
        Assert.That(unknown.Best, Is.Null);
        unknown.Run(2);
        Assert.That(unknown.Best!.Epoch, Is.EqualTo(2));

        static EpochRecord Epoch(int epoch, double accuracy) => new(epoch, 4 * epoch, 1, 0.5, accuracy, 1, 1, 0.1);
    }

    [Test]
    public void A_loss_that_is_not_finite_stops_the_run_with_the_weights_from_before_the_faulty_update()
    {
        var model = new NanModule(Perceptron(), at: 6);
        var heard = new RecordingCallback { Model = model };
        var trainer = NewTrainer(model, heard: heard);

        var fault = Assert.Throws<DivergenceException>(() => trainer.Run(5))!;

        Assert.That(fault.Step, Is.EqualTo(6));
        Assert.That(fault.LearningRate, Is.EqualTo(0.1));
        Assert.That(fault.Message, Does.Contain("NaN").And.Contain("step 6").And.Contain("0.1"));
        Assert.That(Numbers(model), Is.EqualTo(heard.Weights[3]));     // of after step 4: step 5 led to the fault
        Assert.That(trainer.History, Has.Count.EqualTo(2));
        Assert.That(trainer.History[1].TrainLoss, Is.NaN);
        Assert.That(heard.Epochs[^1].IsBest, Is.False);
        Assert.That(trainer.Best!.Epoch, Is.EqualTo(1));
    }

    [TestCase(true, 6)]
    [TestCase(false, 8)]
    public void Data_that_cannot_be_read_any_more_end_the_run_but_nothing_learnt_is_lost(bool training, int steps)
    {
        var heard = new RecordingCallback();
        var model = Perceptron();
        var reads = 0;
        // Two epochs of four batches and two: the first is whole; of the second, two steps or all four are.
        var broken = training ? new FailingDataset(Xor.Train, () => ++reads > 300) : new FailingDataset(Xor.Test, () => ++reads > 150);
        var (train, test) = training ? (NewLoader(broken), NewLoader(Xor.Test)) : (NewLoader(Xor.Train), NewLoader(broken));
        var trainer = new Trainer(model, train, test, new Sgd(model.Parameters(), 0.1f)) { Callbacks = [heard] };

        Assert.That(() => trainer.Run(5), Throws.TypeOf<InputException>().With.Message.EqualTo("gone"));

        Assert.That(trainer.Step, Is.EqualTo(steps));
        Assert.That(heard.Epochs.Select(e => e.Epoch.Step), Is.EqualTo(new long[] { 4, steps }));
        Assert.That(heard.Epochs[1].Epoch.TrainLoss, Is.GreaterThan(0));
        Assert.That(heard.Epochs[1].Epoch.TestAccuracy, Is.Null);
    }

    [Test]
    public void A_fault_that_shows_only_in_the_last_evaluation_counts_too()
    {
        var model = new NanModule(Perceptron(), at: null);
        var trainer = NewTrainer(model);
        Assert.That(() => trainer.Run(1), Throws.TypeOf<DivergenceException>().With.Message.Contains("step 4"));
    }

    [Test]
    public void Dead_last_ReLUs_are_named()
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
    public void Dead_hidden_ReLUs_are_named()
    {
        var hidden = new Linear(2, 8, new Rng(3));
        hidden.Bias!.CopyFrom([.. Enumerable.Repeat(-100f, 8)]);
        var trainer = NewTrainer(new Sequential(hidden, new ReLU(), new Linear(8, 2, new Rng(4))));

        Assert.That(() => trainer.Run(100), Throws.TypeOf<DeadReluException>());
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
    public void A_batch_of_one_is_refused_at_once_where_features_are_normalised(int batchSize)
    {
        var model = new Sequential(new Linear(2, 4, new Rng(1)), new BatchNorm1d(4));
        var optimizer = new Sgd(model.Parameters(), 0.1f);
        Assert.That(
            () => new Trainer(model, new DataLoader(Xor.Train.Take(199), batchSize), null, optimizer),
            batchSize == 199 ? Throws.Nothing : Throws.TypeOf<InputException>().With.Message.Contains("choose another batch size"));
        Assert.That(() => new Trainer(Perceptron(), new DataLoader(Xor.Train.Take(199), batchSize), null, optimizer), Throws.Nothing);
    }

    /// <summary>The shapes decide, wherever in the model the normalization is.</summary>
    [TestCase(4, true)]
    [TestCase(3, false)]
    public void A_batch_of_one_is_refused_where_images_have_one_pixel_left(int kernel, bool refused)
    {
        var images = new ImageDataset("images", ["a", "b"], [1, 4, 4], [.. Enumerable.Range(0, 144).Select(i => (byte)i)], [.. Enumerable.Range(0, 9).Select(i => i % 2)]);
        var model = new UntrackedModule(new Sequential(
            new Conv2d(1, 4, kernel, new Rng(1)), new BatchNorm2d(4), new Dropout(new Rng(5)), new GlobalAvgPool2d(), new Linear(4, 2, new Rng(2))));
        var before = (Numbers(model), model.Generators().Single().Rng.State);
        Assert.That(Make, refused
            ? Throws.TypeOf<InputException>().With.Message.Contains("one item alone").And.Message.Contains("[1, 4, 1, 1]")
            : Throws.Nothing);
        Assert.That((Numbers(model), model.Generators().Single().Rng.State), Is.EqualTo(before), "looking changes nothing");

        model.Descendants().Select(d => d.Module).OfType<BatchNorm2d>().Single().Eval();
        Assert.That(() => Make().Run(1), Throws.Nothing, "what is in evaluation mode needs no batch");

        Trainer Make() => new(model, new DataLoader(images, 4), null, new Sgd(model.Parameters(), 0.1f));
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
        Assert.That(() => new Trainer(model, new DataLoader(data, 2), null, new Sgd(model.Parameters(), 0.1f)).Run(2), Throws.Nothing);
    }

    [Test]
    public void A_layer_that_the_first_batch_makes_is_not_left_untrained_without_a_word()
    {
        var model = new Sequential(new LazyModule(), new Linear(4, 2, new Rng(1)));
        Assert.That(
            () => NewTrainer(model).Run(1), Throws.InvalidOperationException.With.Message.Contains("has made 2 parameters since"));
        Assert.That(() => NewTrainer(model).Run(1), Throws.Nothing, "now it is there from the beginning");
    }

    [Test]
    public void Whatever_an_op_throws_the_epoch_so_far_is_reported()
    {
        var heard = new RecordingCallback();
        var model = new ThrowingModule(Perceptron(), at: 7);
        var trainer = NewTrainer(model, heard: heard);
        Assert.That(() => trainer.Run(5), Throws.TypeOf<NotSupportedException>().With.Message.EqualTo("batch 7"));
        Assert.That(heard.Epochs.Select(e => e.Epoch.Step), Is.EqualTo(new long[] { 4, 6 }));
        Assert.That(heard.Epochs[1].Epoch.TrainLoss, Is.GreaterThan(0));
    }

    [Test]
    public void The_last_step_ends_the_run_within_an_epoch_and_is_measured()
    {
        var trainer = NewTrainer(Perceptron(), maxSteps: 6, evaluateEvery: 100);
        trainer.Run(100);

        Assert.That(trainer.Step, Is.EqualTo(6));
        Assert.That(trainer.History, Has.Count.EqualTo(2));
        Assert.That(trainer.History[1].TestAccuracy, Is.Not.Null);
    }

    [Test]
    public void Cancellation_ends_the_run_after_the_step()
    {
        using var stop = new CancellationTokenSource();
        var heard = new RecordingCallback { OnStep = step => { if (step.Step == 6) stop.Cancel(); } };
        var trainer = NewTrainer(Perceptron(), heard: heard);
        trainer.Run(100, stop.Token);

        Assert.That(trainer.Step, Is.EqualTo(6));
        Assert.That(trainer.History.Select(epoch => epoch.TestAccuracy is null), Is.EqualTo(new[] { false, true }));
    }

    [Test]
    public void The_schedule_sets_each_step()
    {
        var heard = new RecordingCallback();
        NewTrainer(Perceptron(), heard: heard, schedule: new StepLR(4, 0.5)).Run(2);

        double[] expected = [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05];
        Assert.That(heard.Steps.Select(step => step.LearningRate), Is.EqualTo(expected));
    }

    [Test]
    public void Threads_change_nothing()
    {
        Assert.That(Train(threads: 3), Is.EqualTo(Train(threads: 1)));

        static float[] Train(int threads)
        {
            var device = new CpuDevice(threads);
            var model = NetworkCatalog.Find("fcnet").Create(new([2], 2) { Dropout = 0.5f }, new Rng(5)).To(device);
            var train = new DataLoader(Xor.Train, BatchSize, device: device);
            new Trainer(model, train, test: null, new Adam(model.Parameters())).Run(3);
            return Numbers(model);
        }
    }

    private static Trainer NewTrainer(
        Module model, float rate = 0.1f, RecordingCallback? heard = null, int evaluateEvery = 1, long? maxSteps = null,
        LearningRateSchedule? schedule = null)
    {
        var optimizer = new Sgd(model.Parameters(), rate, momentum: 0.9f);
        return new(model, NewLoader(Xor.Train, shuffle: true), NewLoader(Xor.Test), optimizer, schedule: schedule)
        {
            EvaluateEvery = evaluateEvery,
            MaxSteps = maxSteps,
            Callbacks = heard is null ? [] : [heard],
        };
    }

    private static DataLoader NewLoader(Dataset data, bool shuffle = false) =>
        new(data, BatchSize, shuffle: shuffle, seed: 2);

    private static Sequential Perceptron()
    {
        var rng = new Rng(3);
        return new(new Linear(2, 16, rng), new ReLU(), new Linear(16, 2, rng));
    }

    private static float[] Numbers(Module model) => [.. model.State().SelectMany(s => s.Tensor.ToArray())];

    private sealed class RecordingCallback : ITrainingCallback
    {
        public List<StepRecord> Steps { get; } = [];

        public List<(EpochRecord Epoch, bool IsBest)> Epochs { get; } = [];

        public List<float[]> Weights { get; } = [];

        public Module? Model { get; init; }

        public Action<StepRecord> OnStep { get; init; } = _ => { };

        public void OnStepEnd(StepRecord step)
        {
            Steps.Add(step);
            if (Model is not null) Weights.Add(Numbers(Model));
            OnStep(step);
        }

        public void OnEpochEnd(EpochRecord epoch, bool isBest) => Epochs.Add((epoch, isBest));
    }

    /// <summary>A data set whose files vanish.</summary>
    private sealed class FailingDataset(Dataset whole, Func<bool> isGone)
        : Dataset(whole.Name, whole.ClassNames, whole.ItemShape, whole.Labels.ToArray())
    {
        protected override void ReadItem(int index, Span<float> item)
        {
            if (isGone()) throw new InputException("gone");
            whole.Read(index, item);
        }
    }

    /// <summary>Gives NaN from one of its training batches on, or wherever it is evaluated.</summary>
    private sealed class NanModule(Module inner, int? at) : Module
    {
        private int batches;

        public Module Inner => inner;

        public override Tensor Forward(Tensor x) =>
            (Training ? ++batches >= at : at is null) ? inner.Forward(x) * float.NaN : inner.Forward(x);
    }

    private sealed class LazyModule : Module
    {
        private Linear? layer;

        public override Tensor Forward(Tensor x) => (layer ??= new(x.Shape[1], 4, new Rng(1))).Forward(x);
    }

    private sealed class UntrackedModule(Module inner) : Module
    {
        public override Tensor Forward(Tensor x) => inner.Forward(x);
    }

    private sealed class ThrowingModule(Module inner, int at) : Module
    {
        private int batches;

        public override Tensor Forward(Tensor x) =>
            Training && ++batches == at ? throw new NotSupportedException($"batch {at}") : inner.Forward(x);
    }

    /// <summary>Gives zeros for its first batches.</summary>
    private sealed class ZeroOutputModule(Module inner, int batches) : Module
    {
        private int calls;

        public Module Inner => inner;

        public override Tensor Forward(Tensor x) =>
            Training && calls++ < batches ? inner.Forward(x) * 0f : inner.Forward(x);
    }
}
