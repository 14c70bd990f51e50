using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>Training towards values, masks and probabilities, which have no accuracy.</summary>
public sealed class TargetTrainingTests
{
    private static readonly TensorDataset Plane = NewPlane(90, 1), TestPlane = NewPlane(40, 2);

    [Test]
    public void A_regression_learns_and_its_best_epoch_has_the_lowest_loss()
    {
        var model = NewModel();
        var recorder = new RecordingCallback();
        var trainer = NewTrainer(model, recorder, rate: 0.5f);
        trainer.Run(12);

        Assert.That(trainer.History.Select(e => e.TrainAccuracy ?? e.TestAccuracy), Is.All.Null);
        Assert.That(recorder.Steps.Select(step => step.Accuracy), Is.All.Null);
        Assert.That(trainer.History[^1].TrainLoss, Is.LessThan(0.01 * trainer.History[0].TrainLoss));
        Assert.That(trainer.Best!.TestLoss, Is.EqualTo(trainer.History.Min(e => e.TestLoss)));
        Assert.That(recorder.Epochs.Last(e => e.IsBest).Epoch, Is.SameAs(trainer.Best));
        trainer.RestoreBest();
        var result = Evaluation.Run(model, Loader(TestPlane), new MSELoss());
        Assert.That(result.Loss, Is.EqualTo(trainer.Best.TestLoss));
        Assert.That((result.Accuracy, result.Classes, result.Count), Is.EqualTo((null as double?, 0, 40)));
        Assert.That(result.Logits.Length, Is.Zero);
    }

    [Test]
    public void Training_equals_a_loop_by_hand()
    {
        var (model, twin) = (NewModel(), NewModel());
        var optimizer = new Sgd(twin.Parameters(), 0.1f, momentum: 0.9f);
        for (var epoch = 1; epoch <= 2; epoch++)
            foreach (var batch in Loader(Plane, shuffle: true).Epoch(epoch))
            {
                optimizer.ZeroGrad();
                twin.Forward(batch.X).MseLoss(batch.Target.Values).Backward();
                optimizer.Step();
            }

        NewTrainer(model).Run(2);
        Assert.That(Numbers(model), Is.EqualTo(Numbers(twin)));
    }

    [Test]
    public void Without_test_items_the_training_loss_decides()
    {
        var model = NewModel();
        var trainer = new Trainer(
            model, Loader(Plane, shuffle: true), null, new Sgd(model.Parameters(), 0.1f), new L1Loss());
        trainer.Run(3);
        Assert.That(trainer.Best!.TrainLoss, Is.EqualTo(trainer.History.Min(e => e.TrainLoss)));
        Assert.That(trainer.History.Select(e => e.TestLoss), Is.All.Null);
    }

    /// <summary>Five steps are an epoch.</summary>
    [TestCase(4)]
    [TestCase(5)]
    [TestCase(10)]
    public void A_resumed_run_ends_as_one_that_was_not_stopped(int stopAt)
    {
        using var folder = new TemporaryFolder();
        var whole = NewModel();
        var expected = NewTrainer(whole);
        expected.Run(3);

        var first = NewModel();
        using var stop = new CancellationTokenSource();
        var recorder = new RecordingCallback { OnStep = step => { if (step.Step == stopAt) stop.Cancel(); } };
        var optimizer = new Sgd(first.Parameters(), 0.1f, momentum: 0.9f);
        var part = NewTrainer(first, [recorder, new CheckpointWriter(folder["run"])], optimizer);
        part.Run(3, stop.Token);
        Assert.That(part.History[^1].TestLoss, Is.Null, "stopped before the evaluation");

        var second = NewModel();
        optimizer = new(second.Parameters(), 0.1f, momentum: 0.9f);
        var rest = NewTrainer(second, [], optimizer);
        Assert.That(Checkpoint.LoadNewest(folder["run"], rest), Is.EqualTo(stopAt));
        rest.Run(3);
        Assert.That(Numbers(second), Is.EqualTo(Numbers(whole)));
        Assert.That(rest.Best!.Epoch, Is.EqualTo(expected.Best!.Epoch));
        Assert.That(rest.History.Select(e => e.TestLoss), Is.EqualTo(expected.History.Select(e => e.TestLoss)));
    }

    [Test]
    public void Masks_are_learned_and_ignored_pixels_do_not_count()
    {
        var rng = new Rng(4);
        var x = Tensor.Uniform([24, 1, 4, 4], -1, 1, rng);
        int[] classes = [.. x.ToArray().Select((v, i) => i % 7 == 0 ? 255 : v < 0 ? 0 : 1)];
        var data = new TensorDataset(x, new Labels([24, 4, 4], classes), ["below", "above"]);
        var model = new Sequential(new Conv2d(1, 8, 1, rng), new ReLU(), new Conv2d(8, 2, 1, rng));
        var trainer = new Trainer(
            model, new(data, 8), new(data, 8, shuffle: false), new Adam(model.Parameters(), 0.05f),
            new CrossEntropyLoss(ignoreIndex: 255));
        trainer.Run(20);
        Assert.That(trainer.History[^1].TestLoss, Is.LessThan(0.3 * trainer.History[0].TestLoss!.Value));
        Assert.That(trainer.Best!.TestAccuracy, Is.Null);
        Assert.That(
            () => new Trainer(model, new(data, 8), null, new Sgd(model.Parameters(), 0.1f)).Run(1),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("a label outside 0 … 1"));
    }

    [Test]
    public void Probabilities_train_as_the_labels_that_they_stand_for()
    {
        var (model, twin) = (Perceptron(), Perceptron());
        var data = Xor.Train;
        var (x, oneHot) = (new float[data.Count * 2], new float[data.Count * 2]);
        for (var i = 0; i < data.Count; i++)
        {
            data.Read(i, x.AsSpan(2 * i, 2));
            oneHot[2 * i + data.Labels[i]] = 1;
        }

        var soft = new TensorDataset(Tensor.From([data.Count, 2], x), Tensor.From([data.Count, 2], oneHot));
        new Trainer(
            model, Loader(soft, shuffle: true), null, new Sgd(model.Parameters(), 0.1f), new CrossEntropyLoss()).Run(3);
        new Trainer(twin, Loader(data, shuffle: true), null, new Sgd(twin.Parameters(), 0.1f)).Run(3);
        Assert.That(Numbers(model), Is.EqualTo(Numbers(twin)).Within(1e-5));
    }

    [Test]
    public void A_loss_that_is_not_finite_ends_a_regression_too()
    {
        var model = NewModel();
        var trainer = NewTrainer(model, rate: 1e30f);
        Assert.That(() => trainer.Run(3), Throws.TypeOf<DivergenceException>());
        Assert.That(Numbers(model), Is.All.Matches<float>(float.IsFinite));
    }

    [Test]
    public void Targets_that_do_not_fit_are_refused_by_name()
    {
        var model = NewModel();
        var optimizer = new Sgd(model.Parameters(), 0.1f);
        Assert.That(
            () => new Trainer(model, Loader(Plane), null, optimizer),
            Throws.ArgumentException.With.Message.Contains("values of shape [1]").And.Message.Contains("MSELoss"));
        Assert.That(
            () => Evaluation.Run(model, Loader(Plane)), Throws.ArgumentException.With.Message.Contains("Evaluation"));
        Assert.That(
            () => new Trainer(model, Loader(Plane), Loader(Xor.Test), optimizer, new MSELoss()),
            Throws.ArgumentException.With.Message.Contains("values of shape [1]").And.Message.Contains("labels"));
        Assert.That(
            () => new Trainer(model, Loader(Xor.Train), null, optimizer, new MSELoss()).Run(1),
            Throws.InvalidOperationException.With.Message.Contains("class labels"));
        Assert.That(
            () => new Trainer(model, Loader(Plane), null, optimizer, new MSELoss(LossReduction.None)).Run(1),
            Throws.TypeOf<ShapeException>().With.Message.Contains("not a scalar"));
    }

    [TestCase("emulated")]
    public void A_GPU_learns_the_same(string device)
    {
        var (here, there) = (NewModel(), NewModel());
        NewTrainer(here).Run(2);
        var gpu = DeviceCatalog.Open(device);
        there.To(gpu);
        var trainer = new Trainer(
            there, new(Plane, 20, seed: 2, device: gpu), new(TestPlane, 20, shuffle: false, device: gpu),
            new Sgd(there.Parameters(), 0.1f, momentum: 0.9f), new MSELoss());
        trainer.Run(2);
        Assert.That(Numbers(there), Is.EqualTo(Numbers(here)).Within(1e-4));
        Assert.That(trainer.History[1].TrainAccuracy, Is.Null);
        Assert.That(trainer.Best!.TestLoss, Is.EqualTo(trainer.History.Min(e => e.TestLoss)));
    }

    private static Sequential NewModel() => new(new Linear(2, 1, new Rng(3)));

    private static DataLoader Loader(Dataset data, bool shuffle = false) => new(data, 20, shuffle: shuffle, seed: 2);

    private static Trainer NewTrainer(Module model, RecordingCallback? recorder = null, float rate = 0.1f) =>
        NewTrainer(
            model, recorder is null ? [] : [recorder],
            new Sgd(model.Parameters(), rate, momentum: rate > 0.4f ? 0 : 0.9f));

    private static Trainer NewTrainer(Module model, ITrainingCallback[] callbacks, Optimizer optimizer) => new(
        model, Loader(Plane, shuffle: true), Loader(TestPlane), optimizer, new MSELoss()) { Callbacks = callbacks };

    /// <summary>Points of the plane z = 2x − y + ½.</summary>
    private static TensorDataset NewPlane(int count, ulong seed)
    {
        var x = Tensor.Uniform([count, 2], -1, 1, new(seed));
        return new(x, Tensor.From([count, 1], [.. x.ToArray().Chunk(2).Select(p => 2 * p[0] - p[1] + 0.5f)]));
    }
}
