using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>Several batches per step.</summary>
public sealed class AccumulateStepsTests
{
    private static readonly TrainTestSplit Data = XorGenerator.Generate(seed: 1, train: 225, test: 50);

    /// <summary>
    /// 23 batches of 10, the last of 5: the last step has three batches and 25 items, each of which counts as much as
    /// in one batch of 25.
    /// </summary>
    [Test]
    public void Small_batches_train_as_large_ones()
    {
        var (small, large) = (Perceptron(), Perceptron());
        var (first, second) = (NewTrainer(small, 10, 4), NewTrainer(large, 40, 1));
        first.Run(3);
        second.Run(3);

        Assert.That((first.StepsPerEpoch, first.Step), Is.EqualTo((6, 18)));
        Assert.That(first.History.Select(e => e.Step), Is.EqualTo(second.History.Select(e => e.Step)));
        Assert.That(Numbers(small), Is.EqualTo(Numbers(large)).Within(2e-5));
        for (var i = 0; i < 3; i++)
            Assert.That(first.History[i].TrainLoss, Is.EqualTo(second.History[i].TrainLoss).Within(1e-5));
        Assert.That(
            first.History.Select(e => e.TrainAccuracy), Is.EqualTo(second.History.Select(e => e.TrainAccuracy)));
    }

    [Test]
    public void The_schedule_and_the_callbacks_count_steps()
    {
        var recorder = new RecordingCallback();
        NewTrainer(Perceptron(), 10, 4, recorder, new StepLR(6, 0.5)).Run(2);
        Assert.That(recorder.Steps.Select(step => step.Step), Is.EqualTo(Enumerable.Range(1, 12)));
        Assert.That(recorder.Steps.Take(6).Select(step => step.Batch), Is.EqualTo(new[] { 4, 8, 12, 16, 20, 23 }));
        Assert.That(
            recorder.Steps.Select(step => step.LearningRate),
            Is.EqualTo(Enumerable.Repeat(0.1, 6).Concat(Enumerable.Repeat(0.05, 6))));
    }

    /// <summary>23 batches by fours are 6 steps: 6 updates, and the average of training with large batches.</summary>
    [Test]
    public void Averaged_weights_are_updated_once_per_step()
    {
        var (small, large) = (Perceptron(), Perceptron());
        var (first, second) = (new ExponentialMovingAverage(small, 0.8), new ExponentialMovingAverage(large, 0.8));
        NewTrainer(small, 10, 4, new AveragedWeights(first)).Run(3);
        NewTrainer(large, 40, 1, new AveragedWeights(second)).Run(3);

        Assert.That((first.Updates, second.Updates), Is.EqualTo((18L, 18L)));
        var own = Numbers(small);
        using (first.Apply())
        using (second.Apply())
        {
            Assert.That(Numbers(small), Is.EqualTo(Numbers(large)).Within(2e-5));
            Assert.That(Numbers(small), Is.Not.EqualTo(own).Within(1e-3));
        }
    }

    [TestCase(1)]
    [TestCase(6)]
    [TestCase(9)]
    public void A_resumed_run_ends_as_one_that_was_not_stopped(int stopAt)
    {
        using var folder = new TemporaryFolder();
        var whole = Perceptron();
        NewTrainer(whole, 10, 4).Run(3);

        var model = Perceptron();
        var optimizer = NewOptimizer(model);
        var trainer = NewTrainer(model, 10, 4, maxSteps: stopAt, optimizer: optimizer);
        trainer.Run(3);
        Assert.That(trainer.Step, Is.EqualTo(stopAt));
        Checkpoint.Save(folder["checkpoint"], model, optimizer, stopAt);

        var rest = Perceptron();
        optimizer = NewOptimizer(rest);
        Checkpoint.Load(folder["checkpoint"], rest, optimizer);
        var resumed = NewTrainer(rest, 10, 4, optimizer: optimizer);
        resumed.Resume(trainer.History);
        resumed.Run(3);
        Assert.That(Numbers(rest), Is.EqualTo(Numbers(whole)));
        Assert.That(resumed.History.Select(e => e.Step), Is.EqualTo(new long[] { 6, 12, 18 }));
    }

    [Test]
    public void A_loss_that_is_not_finite_names_its_step()
    {
        var model = Perceptron();
        var step = 0;
        var trainer = NewTrainer(model, 10, 4, loss: new FaultyLoss(() => ++step == 7));
        var fault = Assert.Throws<DivergenceException>(() => trainer.Run(1))!;
        Assert.That((fault.Step, trainer.Step), Is.EqualTo((2, 1)));
        Assert.That(Numbers(model), Is.All.Matches<float>(float.IsFinite));
    }

    /// <summary>Nothing was saved that a run could not resume from: the step before the epoch is its end.</summary>
    [Test]
    public void A_fault_in_the_first_step_of_an_epoch_adds_no_epoch()
    {
        var batch = 0;
        var recorder = new RecordingCallback();
        var fault = new NotSupportedException();
        var trainer = NewTrainer(
            Perceptron(), 10, 4, recorder, loss: new FaultyLoss(() => ++batch == 25 ? throw fault : false));
        Assert.That(() => trainer.Run(2), Throws.Exception.SameAs(fault));
        Assert.That(recorder.Epochs.Select(e => e.Epoch.Step), Is.EqualTo(new long[] { 6 }));
    }

    [NonParallelizable]
    [Test]
    public void No_storage_is_taken_after_the_first_epochs()
    {
        var device = new CpuDevice(threads: 1);
        var model = Perceptron().To(device);
        long taken = 0;
        var recorder = new RecordingCallback
        {
            OnStep = step =>
            {
                if (step.Step == 120) taken = device.Memory.SystemAllocations;
            },
        };
        NewTrainer(model, 10, 4, recorder, device: device).Run(80);
        Assert.That(taken, Is.GreaterThan(0));
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(taken));
    }

    [Test]
    public void At_least_one_batch_is_a_step() => Assert.That(
        () => NewTrainer(Perceptron(), 10, 0), Throws.TypeOf<ArgumentOutOfRangeException>());

    private static Sgd NewOptimizer(Module model) => new(model.Parameters(), 0.1f, momentum: 0.9f);

    private static Trainer NewTrainer(
        Module model, int batchSize, int accumulate, ITrainingCallback? recorder = null,
        LearningRateSchedule? schedule = null, long? maxSteps = null, Sgd? optimizer = null, ILoss? loss = null,
        Device? device = null) =>
        new(
            model, new(Data.Train, batchSize, seed: 2, device: device), null, optimizer ?? NewOptimizer(model), loss,
            schedule)
        {
            AccumulateSteps = accumulate,
            MaxSteps = maxSteps,
            Callbacks = recorder is null ? [] : [recorder],
        };

    /// <summary>Cross-entropy, but not finite for one batch.</summary>
    private sealed class FaultyLoss(Func<bool> isFaulty) : ILoss
    {
        public Tensor Forward(Tensor outputs, Target target)
        {
            var loss = outputs.CrossEntropy(target.Labels);
            return isFaulty() ? loss * float.NaN : loss;
        }
    }
}
