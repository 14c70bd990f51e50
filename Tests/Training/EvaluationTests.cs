using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class EvaluationTests
{
    private static readonly int[] Labels = [0, 0, 1, 1, 1];
    // Predicted as 0, 1, 1, 0, 1.
    private static readonly float[] Scores = [2, 1, 0, 1, 3, 0, 0, 5, 0, 1, 0, 0, 0, 4, 1];

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    public void Confusion_accuracy_and_loss_are_over_all_items(int batchSize)
    {
        var data = new FeatureDataset("five test", ["a", "b", "c"], Scores, Labels);
        var result = Evaluation.Run(new Flatten(), new(data, batchSize, shuffle: false));

        Assert.That(result.Count, Is.EqualTo(5));
        Assert.That(result.Classes, Is.EqualTo(3));
        Assert.That((result[0, 0], result[0, 1], result[1, 0], result[1, 1]), Is.EqualTo((1, 1, 1, 2)));
        Assert.That(result.Accuracy, Is.EqualTo(0.6));
        Assert.That(result.ClassAccuracy(0), Is.EqualTo(0.5));
        Assert.That(result.ClassAccuracy(1), Is.EqualTo(2 / 3.0));
        Assert.That(result.ClassAccuracy(2), Is.Null);
        Assert.That(result.Logits.ToArray(), Is.EqualTo(Scores));

        var losses = Labels.Select((label, i) => Math.Log(Exponentials(i).Sum() / Exponentials(i)[label]));
        Assert.That(result.Loss, Is.EqualTo(losses.Average()).Within(1e-6));       // each batch's is a float

        static double[] Exponentials(int item) => [.. Scores[(3 * item)..(3 * item + 3)].Select(s => Math.Exp(s))];
    }

    [Test]
    public void Labels_without_a_class_are_refused_whatever_the_loss()
    {
        var data = new FeatureDataset("three classes", ["a", "b", "c"], Scores[..10], Labels.Append(2).ToArray()[1..]);
        var model = new Linear(2, 2, new Rng(1));
        Assert.That(
            () => Evaluation.Run(model, new(data, 5), new ZeroLoss()),
            Throws.TypeOf<ShapeException>().With.Message.Contains("[5, 2]").And.Message.Contains("labels up to 2"));
        Assert.That(
            () => Evaluation.Run(new Constant(), new(data, 5), new ZeroLoss()),
            Throws.TypeOf<ShapeException>().With.Message.Contains("outputs [7, 2] for 5 items"));
    }

    /// <summary>A row with a NaN is never correct and of no class; infinite scores are compared.</summary>
    [TestCase(1)]
    [TestCase(6)]
    public void Scores_of_NaN_are_counted_as_no_class(int batchSize)
    {
        const float nan = float.NaN, inf = float.PositiveInfinity;
        float[] scores = [nan, nan, 5, nan, nan, 5, inf, inf, -inf, -inf, 0, 1];        // predicted as –, –, –, 0, 0, 1
        var data = new FeatureDataset("six test", ["a", "b"], scores, [0, 0, 1, 0, 1, 1]);
        var result = Evaluation.Run(new Flatten(), new(data, batchSize, shuffle: false));

        Assert.That((result.Count, result.Correct, result.NanCount), Is.EqualTo((6, 2, 3)));
        Assert.That(result.Accuracy, Is.EqualTo(2 / 6.0));
        Assert.That((result.ClassCount(0), result.ClassCount(1)), Is.EqualTo((3, 3)));
        Assert.That((result.ClassAccuracy(0), result.ClassAccuracy(1)), Is.EqualTo((1 / 3.0, 1 / 3.0)));
        Assert.That((result[0, 0], result[0, 1], result[1, 0], result[1, 1]), Is.EqualTo((1, 0, 1, 1)));
        Assert.That(result.Loss, Is.NaN);
    }

    /// <summary>Classes without an item may score what they like, and −0 is 0.</summary>
    [TestCase(1)]
    [TestCase(33)]
    public void Classes_whose_score_is_the_same_for_all_items_are_constant(int batchSize)
    {
        const float nan = float.NaN;
        float[] first = [0, 1, 5, 0, nan], other = [-0f, 1, 5, 0, nan], last = [0, 3, 5, 1, nan];
        Assert.That(Constant([0, 1, 4]), Is.EqualTo(new[] { 0 }));
        Assert.That(Constant([1, 2, 3]), Is.EqualTo(new[] { 2 }));
        Assert.That(Constant([0, 2, 2]), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(Constant([1, 3, 4]), Is.Empty);
        Assert.That(Constant([0, 1, 4], count: 99), Is.Empty, "too few items");

        // Only the last item differs from the others.
        IReadOnlyList<int> Constant(int[] labels, int count = 100)
        {
            float[][] rows = [first, .. Enumerable.Repeat(other, count - 2), last];
            int[] all = [.. Enumerable.Range(0, count).Select(i => labels[i % labels.Length])];
            var data = new FeatureDataset("test", ["a", "b", "c", "d", "e"], [.. rows.SelectMany(row => row)], all);
            return Evaluation.Run(new Flatten(), new(data, batchSize, shuffle: false)).ConstantClasses;
        }
    }

    [Test]
    public void A_model_of_NaN_classifies_nothing_correctly()
    {
        var model = new Linear(1, 10, new Rng(1));
        model.Weight.CopyFrom([.. Enumerable.Repeat(float.NaN, 10)]);
        int[] labels = [.. Enumerable.Range(0, 100).Select(i => i % 10)];
        string[] names = [.. labels[..10].Select(k => $"{k}")];
        var digits = new FeatureDataset("digits", names, [.. labels.Select(k => (float)k)], labels);

        var result = Evaluation.Run(model, new DataLoader(digits, 10, shuffle: false));

        Assert.That((result.Accuracy, result.Correct, result.NanCount, result.Count), Is.EqualTo((0.0, 0, 100, 100)));
        Assert.That(Enumerable.Range(0, 10).Select(k => result.ClassAccuracy(k)), Is.All.Zero);
        Assert.That(result[0, 0], Is.Zero);
    }

    [Test]
    public void The_model_stays_as_it_was()
    {
        var model = NetworkCatalog.Find("fcnet").Create(new([2], 2) { Dropout = 0.5f }, new Rng(1));
        var data = new DataLoader(XorGenerator.Generate(train: 10, test: 10).Test, 4, shuffle: false);
        var before = model.Generators().Select(g => g.Rng.State).ToArray();

        Evaluation.Run(model, data);

        Assert.That(model.Training, Is.True);
        Assert.That(before, Is.Not.Empty);
        Assert.That(model.Generators().Select(g => g.Rng.State), Is.EqualTo(before));
    }

    [Test]
    public void It_reports_the_items_done()
    {
        var data = new FeatureDataset("five test", ["a", "b", "c"], Scores, Labels);
        var reports = new Counts();
        Evaluation.Run(new Flatten(), new(data, 2, shuffle: false), progress: reports);
        Assert.That(reports, Is.EqualTo(new[] { 0, 2, 4, 5 }));
    }

    [Test]
    public void It_can_be_stopped()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var data = new DataLoader(XorGenerator.Generate(train: 10, test: 10).Test, 4, shuffle: false);
        Assert.That(
            () => Evaluation.Run(new Flatten(), data, cancellation: stop.Token),
            Throws.InstanceOf<OperationCanceledException>());
    }

    private sealed class Counts : List<int>, IProgress<int>
    {
        public void Report(int value) => Add(value);
    }

    private sealed class ZeroLoss : ILoss
    {
        public Tensor Forward(Tensor outputs, Target target) => Tensor.Zeros([]);
    }

    private sealed class Constant : Module
    {
        protected override Tensor Forward(Tensor x) => Tensor.Zeros([7, 2]);
    }
}
