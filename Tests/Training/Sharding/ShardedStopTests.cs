using NUnit.Framework;
using static PyNetSharp.Tests.XorTraining;

namespace PyNetSharp.Tests;

/// <summary>What one process sees, and all must act upon after the same step.</summary>
public sealed class ShardedStopTests
{
    [Test]
    public void A_stop_on_one_rank_stops_all_after_the_same_step([Values(0, 2)] int stopping)
    {
        var results = LocalProcessGroup.Run(4, group =>
        {
            using var stop = new CancellationTokenSource();
            var recorder = new RecordingCallback
            {
                OnStep = step =>
                {
                    if (step.Step == 5 && group.Rank == stopping) stop.Cancel();
                },
            };
            var training = new ShardedTraining(group, null, recorder);
            training.Trainer.Run(ShardedTraining.Epochs, stop.Token);
            return (training.Trainer.Step, training.State, training.History);
        });
        Assert.That(results.Select(r => r.Step), Is.All.EqualTo(6), "the step whose exchange says so");
        Assert.That(results[0].History.Select(epoch => epoch.Step), Is.EqualTo(new long[] { 4, 6 }));
        foreach (var (_, state, history) in results)
        {
            Assert.That(state, Is.EqualTo(results[0].State));
            Assert.That(history, Is.EqualTo(results[0].History));
        }
    }

    /// <summary>Before the first step, and within an evaluation, which no process then has.</summary>
    [Test]
    public void A_stop_between_steps_is_agreed_upon_too([Values] bool inEvaluation)
    {
        var results = LocalProcessGroup.Run(2, group =>
        {
            using var stop = new CancellationTokenSource();
            if (!inEvaluation && group.Rank == 1) stop.Cancel();
            var watch = new EvaluationWatch(done =>
            {
                if (inEvaluation && group.Rank == 1 && done > 0) stop.Cancel();
            });
            var training = new ShardedTraining(group, null, watch);
            training.Trainer.Run(ShardedTraining.Epochs, stop.Token);
            return (training.Trainer.Step, training.History);
        });
        Assert.That(results.Select(r => r.Step), Is.All.EqualTo(inEvaluation ? 4 : 0));
        foreach (var (_, history) in results)
            Assert.That(
                history.Select(epoch => epoch.ValidationLoss),
                Is.EqualTo(inEvaluation ? new double?[] { null } : []));
    }

    [Test]
    public void NaN_in_the_shard_of_one_rank_stops_all_at_the_same_step([Values(1, 2, 4)] int ranks)
    {
        var values = Enumerable.Range(0, 40).Select(i => i % 7 - 3f).ToArray();
        values[2 * 13] = float.NaN;                 // item 13: the second batch's last
        var items = new TensorDataset(
            Tensor.From([20, 2], values), [.. Enumerable.Range(0, 20).Select(i => i % 2)], name: "items");
        var results = LocalProcessGroup.Run(ranks, group =>
        {
            var model = Perceptron();
            var trainer = new Trainer(
                model, new(items, 7, shuffle: false), null, new Sgd(model.Parameters(), 0.1f))
            {
                Shards = 4,
                Group = group,
            };
            var fault = Assert.Throws<DivergenceException>(() => trainer.Run(1))!;
            return (fault.Step, fault.Message, trainer.Step, Numbers: Numbers(model));
        });
        foreach (var result in results)
        {
            Assert.That((result.Item1, result.Item3), Is.EqualTo((2L, 1L)));
            Assert.That(result.Message, Does.Contain("The input of item 13 of the data set contains NaN"));
            Assert.That(result.Numbers, Is.EqualTo(results[0].Numbers));
            Assert.That(result.Numbers, Is.All.Matches<float>(float.IsFinite));
        }
    }

    /// <summary>Rank 0 alone has the checkpoint, which is newer than what the others copied.</summary>
    [Test]
    public void After_a_rollback_all_have_the_state_of_rank_0([Values(1, 2, 4)] int ranks)
    {
        using var folder = new TemporaryFolder();
        var expected = Run(null, folder["one"]);
        Assert.That(expected.Rollbacks, Is.EqualTo(new[] { 6L, 5L }));
        foreach (var result in LocalProcessGroup.Run(ranks, group => Run(group, folder["many"])))
        {
            Assert.That(result.Rollbacks, Is.EqualTo(expected.Rollbacks));
            Assert.That(result.History, Is.EqualTo(expected.History));
            Assert.That(result.State, Is.EqualTo(expected.State));
        }

        static (long[] Rollbacks, long[] State, EpochRecord[] History) Run(IProcessGroup? group, string folder)
        {
            // In the seventh step the last rank's loss is not finite, twice.
            var loss = new FaultyLoss(isLast: group is null || group.Rank == group.Size - 1);
            var rollbacks = new RollbackWatch();
            var writer = new CheckpointWriter(folder, CheckpointInterval.Steps(1), keep: 5) { InBackground = false };
            var training = new ShardedTraining(
                group, new() { Rollback = 0.5, Loss = loss },
                [new StepWatch(loss), rollbacks, .. group is { Rank: > 0 } ? [] : (ITrainingCallback[])[writer]]);
            var (state, history) = training.Run();
            return ([.. rollbacks.Steps], state, history);
        }
    }

    /// <summary>Shards of one item: only a comparison over shards finds that all scores are the same.</summary>
    [TestCase(1, 1)]
    [TestCase(8, 1)]
    [TestCase(8, 2)]
    [TestCase(4, 4)]
    public void A_dead_network_is_found_at_the_same_step(int shards, int ranks)
    {
        var steps = LocalProcessGroup.Run(ranks, group =>
        {
            var dead = new Linear(2, 2, new Rng(1));
            dead.Weight.CopyFrom([0, 0, 0, 0]);
            var model = new Sequential(new Linear(2, 2, new Rng(2)), new Zero(), dead);
            var trainer = new Trainer(model, new(Xor.Train, 8, seed: 2), null, new Sgd(model.Parameters(), 0.01f))
            {
                Shards = shards,
                Group = group,
            };
            return Assert.Throws<DeadReluException>(() => trainer.Run(1))!.Step;
        });
        Assert.That(steps, Is.All.EqualTo(DeadReluDetector.Patience));
    }

    [Test]
    public void A_network_whose_shards_differ_is_not_dead()
    {
        var model = new Sequential(new Linear(2, 2, new Rng(2)));
        new Trainer(model, new(Xor.Train, 8, seed: 2), null, new Sgd(model.Parameters(), 0.01f)) { Shards = 8 }.Run(1);
    }

    /// <summary>The others then cannot go on, and say so.</summary>
    [Test]
    public void A_fault_on_one_rank_ends_all()
    {
        var fault = Assert.Throws<AggregateException>(() => LocalProcessGroup.Run(2, group =>
        {
            var recorder = new RecordingCallback
            {
                OnStep = step =>
                {
                    if (step.Step == 3 && group.Rank == 1) throw new NotSupportedException("rank 1");
                },
            };
            return new ShardedTraining(group, null, recorder).Run().State;
        }))!;
        Assert.That(fault.InnerExceptions.Single(), Is.TypeOf<NotSupportedException>());
    }

    /// <summary>Zeros, so that the next layer's outputs are its biases, for every item.</summary>
    private sealed class Zero : Module
    {
        protected override Tensor Forward(Tensor x) => x * 0f;
    }

    private sealed class FaultyLoss(bool isLast) : ILoss
    {
        public long Step { get; set; }

        public int Rollbacks { get; set; }

        public Tensor Forward(Tensor outputs, Target target)
        {
            var loss = new CrossEntropyLoss().Forward(outputs, target);
            return isLast && Step == 6 && Rollbacks < 2 ? loss * float.NaN : loss;
        }
    }

    private sealed class StepWatch(FaultyLoss loss) : ITrainingCallback
    {
        public void OnCheckpoint(Trainer trainer, CheckpointMoment moment) => loss.Step = trainer.Step;

        public void OnRollback(Rollback rollback) => (loss.Step, loss.Rollbacks) = (rollback.Step, rollback.Count);
    }

    private sealed class RollbackWatch : ITrainingCallback
    {
        public List<long> Steps { get; } = [];

        public void OnRollback(Rollback rollback) => Steps.Add(rollback.Step);
    }

    private sealed class EvaluationWatch(Action<int> progress) : ITrainingCallback
    {
        public void OnEvaluationProgress(int done, int count) => progress(done);
    }
}
