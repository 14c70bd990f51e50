using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class EvaluationTests
{
    private static readonly int[] Labels = [0, 0, 1, 1, 1];
    private static readonly float[] Scores = [2, 1, 0, 1, 3, 0, 0, 5, 0, 1, 0, 0, 0, 4, 1];   // taken for 0, 1, 1, 0, 1

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    public void Confusion_accuracy_and_loss_are_over_all_items(int batchSize)
    {
        var data = new FeatureDataset("five test", ["a", "b", "c"], Scores, Labels);
        var result = Evaluation.Of(new Flatten(), new(data, batchSize, shuffle: false));

        Assert.That(result.Count, Is.EqualTo(5));
        Assert.That(result.Classes, Is.EqualTo(3));
        Assert.That((result[0, 0], result[0, 1], result[1, 0], result[1, 1]), Is.EqualTo((1, 1, 1, 2)));
        Assert.That(result.Accuracy, Is.EqualTo(0.6));
        Assert.That(result.AccuracyOf(0), Is.EqualTo(0.5));
        Assert.That(result.AccuracyOf(1), Is.EqualTo(2 / 3.0));
        Assert.That(result.AccuracyOf(2), Is.Null);
        Assert.That(result.Scores.ToArray(), Is.EqualTo(Scores));

        var losses = Labels.Select((label, i) => Math.Log(Exponentials(i).Sum() / Exponentials(i)[label]));
        Assert.That(result.Loss, Is.EqualTo(losses.Average()).Within(1e-6));       // each batch's is a float

        static double[] Exponentials(int item) => [.. Scores[(3 * item)..(3 * item + 3)].Select(s => Math.Exp(s))];
    }

    [Test]
    public void The_model_stays_as_it_was()
    {
        var model = Networks.Find("fcnet").Create(new([2], 2) { Dropout = 0.5f }, new Rng(1));
        var data = new Loader(XorPoints.Draw(train: 10, test: 10).Test, 4, shuffle: false);
        var before = model.Generators().Select(g => g.Rng.State).ToArray();

        Evaluation.Of(model, data);

        Assert.That(model.Training, Is.True);
        Assert.That(before, Is.Not.Empty);
        Assert.That(model.Generators().Select(g => g.Rng.State), Is.EqualTo(before));
    }

    [Test]
    public void It_can_be_stopped()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var data = new Loader(XorPoints.Draw(train: 10, test: 10).Test, 4, shuffle: false);
        Assert.That(
            () => Evaluation.Of(new Flatten(), data, cancellation: stop.Token),
            Throws.InstanceOf<OperationCanceledException>());
    }
}
