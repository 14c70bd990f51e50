using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>An evaluation that processes divide among themselves.</summary>
public sealed class ShardedEvaluationTests
{
    private static readonly Dataset Images = ShapesGenerator.Generate(seed: 1, train: 5, test: 23).Test;

    /// <summary>23 items in six batches: some of seven processes have none.</summary>
    [Test]
    public void It_has_the_same_bits_on_every_rank([Values(1, 2, 3, 4, 7)] int ranks)
    {
        var expected = Evaluation.Run(NewModel(), NewLoader());
        foreach (var result in LocalProcessGroup.Run(
            ranks, group => Evaluation.Run(NewModel(), NewLoader(), null, null, group, default)))
        {
            Assert.That(result.Loss, Is.EqualTo(expected.Loss));
            Assert.That((result.Count, result.Correct), Is.EqualTo((expected.Count, expected.Correct)));
            Assert.That(result.Logits.ToArray(), Is.EqualTo(expected.Logits.ToArray()));
            for (var truth = 0; truth < expected.Classes; truth++)
                for (var predicted = 0; predicted < expected.Classes; predicted++)
                    Assert.That(result[truth, predicted], Is.EqualTo(expected[truth, predicted]));
        }
    }

    [Test]
    public void Values_have_a_loss_alone([Values(1, 3)] int ranks)
    {
        var x = Tensor.From([7, 2], [.. Enumerable.Range(0, 14).Select(i => i * 0.37f)]);
        var loader = new DataLoader(new TensorDataset(x, x), 2, shuffle: false);
        var model = new Linear(2, 2, new Rng(1));
        var expected = Evaluation.Run(model, loader, new MSELoss());
        foreach (var result in LocalProcessGroup.Run(ranks, group => Evaluation.Run(
            new Linear(2, 2, new Rng(1)), new(new TensorDataset(x, x), 2, shuffle: false), new MSELoss(), null, group,
            default)))
            Assert.That((result.Loss, result.Classes), Is.EqualTo((expected.Loss, 0)));
    }

    /// <summary>Each process computes its own batches only, and reports progress in proportion.</summary>
    [Test]
    public void The_batches_are_divided()
    {
        var calls = LocalProcessGroup.Run(2, group =>
        {
            var (model, progress) = (NewModel(), new Recorder());
            var batches = 0;
            using var hook = model.RegisterForwardHook((_, _, y) =>
            {
                batches++;
                return y;
            });
            Evaluation.Run(model, NewLoader(), null, progress, group, default);
            return (batches, progress.Values);
        });
        Assert.That(calls.Select(c => c.batches), Is.EqualTo(new[] { 3, 3 }));
        Assert.That(calls[0].Values, Is.EqualTo(new[] { 0, 7, 15, 23 }));
        Assert.That(calls[1].Values, Is.EqualTo(new[] { 0, 8, 16, 23 }));
    }

    [Test]
    public void Canceled_on_one_rank_it_is_canceled_on_all()
    {
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        var faults = LocalProcessGroup.Run(3, group =>
        {
            var token = group.Rank == 1 ? canceled.Token : CancellationToken.None;
            return Assert.Catch(() => Evaluation.Run(NewModel(), NewLoader(), null, null, group, token));
        });
        Assert.That(faults, Is.All.TypeOf<OperationCanceledException>());
    }

    private static DataLoader NewLoader() => new(Images, 4, shuffle: false);

    private static Sequential NewModel()
    {
        var rng = new Rng(4);
        return new(
            new Conv2d(3, 4, 3, rng, padding: 1), new BatchNorm2d(4), new ReLU(), new GlobalAvgPool2d(), new Flatten(),
            new Linear(4, Images.ClassNames.Count, rng));
    }

    private sealed class Recorder : IProgress<int>
    {
        public List<int> Values { get; } = [];

        public void Report(int value) => Values.Add(value);
    }
}
