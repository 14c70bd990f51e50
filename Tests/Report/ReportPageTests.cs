using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class ReportPageTests
{
    private const string Hostile = "<script>alert(1)</script>\" onload='x' &amp; \u202e\n\ud800";

    private static EpochRecord[] Epochs(int count) =>
    [
        .. Enumerable.Range(1, count).Select(
            e => new EpochRecord(e, 100L * e, 2.3 / e, 1 - 0.9 / e, 0.9, 1.5, 801.25, 0.01, 2.5 / e, 1, 0.8, 2.4 / e)),
    ];

    private static RunReport Report(int epochs) => new()
    {
        Title = Hostile,
        Folder = Hostile,
        Config = SmallRunConfig.Of() with { Data = Hostile, DataDir = Hostile },
        Epochs = Epochs(epochs),
        State = "complete",
    };

    [Test]
    public void Texts_of_users_are_escaped()
    {
        var (names, result) = Evaluate(3);
        var wrong = new WrongItem(1, Hostile, Hostile, 0.9, 0.1, PagePicture.Of([1], [1, 1, 1]));
        var page = ReportPage.Write(Report(3) with
        {
            Evaluation = new("test", Hostile, result, [.. names.Select(name => Hostile + name)], [wrong]),
            Pictures = new(Hostile)
            {
                Image = wrong.Image, ImageText = Hostile, Activations = [(Hostile, wrong.Image!)],
            },
            Notes = [Hostile],
        });
        Assert.That(page, Does.Not.Contain("<script>alert").And.Not.Contain(" onload='x'").And.Not.Contain("\u202e"));
        Assert.That(page.Split("<script").Length, Is.EqualTo(2), "the page's own");
        Assert.That(page, Does.Contain("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp;"));

        var comparison = ReportPage.Write(new RunComparison([Report(2), Report(3) with { Folder = "other" }]));
        Assert.That(comparison.Split("<script").Length, Is.EqualTo(2));
    }

    [Test]
    public void Nothing_is_loaded_from_elsewhere()
    {
        var page = ReportPage.Write(Report(3));
        Assert.That(page, Does.Contain("default-src &#39;none&#39;").And.Contain("connect-src &#39;none&#39;"));
        Assert.That(page, Does.Not.Contain("http://").And.Not.Contain("https://").And.Not.Contain("unsafe-inline"));
    }

    [TestCase(0, 2)]
    [TestCase(1, 10)]
    [TestCase(300, 100)]
    [TestCase(20_000, 1000)]
    public void A_page_is_small(int epochs, int classes)
    {
        var (names, result) = Evaluate(classes);
        var rng = new Rng(1);
        var noise = PagePicture.Of([.. Enumerable.Range(0, 3 * 64 * 64).Select(_ => rng.NextFloat())], [3, 64, 64]);
        var page = ReportPage.Write(Report(epochs) with
        {
            Evaluation = new(
                "test", "the last weights", result, names,
                [.. Enumerable.Range(0, 24).Select(i => new WrongItem(i, "a", "b", 0.9, 0.1, noise))]),
            Pictures = new("the last weights")
            {
                Filters = PagePicture.Grid([.. Enumerable.Repeat(Small(noise), 96)], 16), FilterText = "conv1",
                Image = noise,
                Activations = [.. Enumerable.Range(0, 6).Select(i => ($"relu{i}", Tiles(noise)))],
            },
        });
        Assert.That(page.Length, Is.LessThan(2_000_000));
        if (classes == 100) Assert.That(page, Does.Contain("alt=\"confusion matrix\""));

        static PagePicture Small(PagePicture picture) => new(11, 11, picture.Pixels[..(4 * 11 * 11)]);

        static PagePicture Tiles(PagePicture picture) => PagePicture.Grid(
            [.. Enumerable.Repeat(new PagePicture(48, 48, picture.Pixels[..(4 * 48 * 48)]), 16)], 16);
    }

    [Test]
    public void What_is_not_finite_leaves_a_gap()
    {
        var epochs = Epochs(5);
        epochs[2] = epochs[2] with { TrainLoss = double.NaN, ValidationLoss = double.PositiveInfinity };
        var page = ReportPage.Write(Report(5) with { Epochs = epochs });
        Assert.That(page, Does.Contain("data-values=\"2.3 1.15 NaN "));
        Assert.That(System.Text.RegularExpressions.Regex.IsMatch(page, "(points|cx|cy|y)=\"[^\"]*NaN"), Is.False);
    }

    [Test]
    public void Precision_recall_and_F1_are_those_of_the_matrix()
    {
        // Rows true, columns predicted: [[2, 1, 0], [1, 0, 0], [0, 0, 0]] and a NaN of class 1.
        var result = Evaluate(3, [0, 0, 0, 1, 1], [0, 0, 1, 0, -1]).Result;
        var scores = ClassScores.Of(result);
        Assert.That(scores[0], Is.EqualTo(new ClassScores(3, 2 / 3.0, 2 / 3.0)));
        Assert.That(scores[0].F1, Is.EqualTo(2 / 3.0).Within(1e-15));
        Assert.That(scores[1], Is.EqualTo(new ClassScores(2, 0, 0)));
        Assert.That(scores[1].F1, Is.Zero);
        Assert.That(scores[2], Is.EqualTo(new ClassScores(0, null, null)));
        Assert.That(scores[2].F1, Is.Null);
        Assert.That(ClassScores.Mean(scores, score => score.Recall), Is.EqualTo(1 / 3.0).Within(1e-15));
    }

    [Test]
    public void The_wrong_items_with_the_highest_probabilities_come_first()
    {
        var (labels, data) = ((int[])[0, 0, 1, 1], new float[] { 5, 0, 1, 2, 6, 1, 0, 1 });
        var set = new FeatureDataset("set", ["a", "b"], data, labels);
        var result = Evaluation.Run(new Identity(), new DataLoader(set, 3, shuffle: false));
        var wrong = WrongItems.Report("test", "the weights", result, set).Wrong;
        Assert.That(wrong.Select(item => item.Index), Is.EqualTo(new[] { 2, 1 }));
        Assert.That((wrong[0].Truth, wrong[0].Predicted, wrong[0].Image), Is.EqualTo(("b", "a", default(PagePicture))));
        Assert.That(wrong[0].Probability, Is.EqualTo(1 / (1 + Math.Exp(-5))).Within(1e-9));
        Assert.That(wrong[0].TruthProbability, Is.EqualTo(1 - wrong[0].Probability).Within(1e-9));
    }

    [Test]
    public void Runs_of_one_name_are_told_apart_by_the_folders_above()
    {
        RunReport[] runs = [Report(1) with { Folder = "a/run" }, Report(1) with { Folder = "b/run/" }];
        Assert.That(new RunComparison(runs).Names, Is.EqualTo(new[] { "a/run", "b/run" }));
    }

    private static (string[] Names, Evaluation Result) Evaluate(int classes) =>
        Evaluate(classes, [.. Enumerable.Range(0, classes)], [.. Enumerable.Range(0, classes).Select(k => k / 2)]);

    private static (string[] Names, Evaluation Result) Evaluate(int classes, int[] truth, int[] predicted)
    {
        var scores = new float[truth.Length * classes];
        for (var i = 0; i < truth.Length; i++)
            if (predicted[i] < 0) scores[i * classes] = float.NaN;
            else scores[i * classes + predicted[i]] = 1;
        string[] names = [.. Enumerable.Range(0, classes).Select(k => $"class {k}")];
        var set = new FeatureDataset("set", names, scores, truth);
        return (names, Evaluation.Run(new Identity(), new DataLoader(set, 64, shuffle: false)));
    }
}
