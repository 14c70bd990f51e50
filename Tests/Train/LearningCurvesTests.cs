using System.Globalization;
using System.Xml.Linq;
using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class LearningCurvesTests
{
    private static EpochRecord Epoch(int epoch, double loss, double? train, double? test) =>
        new(epoch, 100 * epoch, loss, train, test, 1.5, 800, 0.01);

    private static EpochRecord[] Run(int epochs) =>
        [.. Enumerable.Range(1, epochs).Select(e => Epoch(e, 2.3 / e, 1 - 0.9 / e, 0.95 - 0.85 / e))];

    private static readonly EpochRecord[] ThreeEpochs =
        [Epoch(1, 2.2512, 0.1542, 0.2126), Epoch(2, 2.14, 0.2223, 0.3106), Epoch(3, 2.0647, 0.2681, 0.2622)];

    public static IEnumerable<TestCaseData<EpochRecord[]>> Runs =>
    [
        Case("none", []),
        Case("one", Run(1)),
        Case("three", ThreeEpochs),
        Case("a hundred", Run(100)),
        Case("three hundred", Run(300)),
        Case("not finite at the end", [.. Run(5), Epoch(6, double.NaN, null, null)]),
        Case("nothing finite", [Epoch(1, double.PositiveInfinity, null, double.NaN)]),
        Case("dead", [.. Enumerable.Range(1, 12).Select(e => Epoch(e, 2.302585, 0.1, 0.1))]),
        Case("a spike", [Epoch(1, 2.3, 1, 1), Epoch(2, 3e38, 1, 1), Epoch(3, 1e-30, 0, 0)]),
        Case("barely changing", [Epoch(1, 1, 0.5, 0.5), Epoch(2, Math.BitIncrement(1), 0.5, 0.5)]),
        Case("begun late", [Epoch(17, 1, 0.5, 0.5), Epoch(19, 0.5, 0.6, 0.4)]),
    ];

    private static TestCaseData<EpochRecord[]> Case(string name, EpochRecord[] epochs) =>
        new(epochs) { TestName = $"{{m}}({name})" };

    [TestCaseSource(nameof(Runs))]
    public void EverythingIsInsideThePicture(EpochRecord[] epochs)
    {
        var picture = LearningCurves.Draw(epochs, "nin on cifar10");
        var (width, height) = ((double)picture.Attribute("width")!, (double)picture.Attribute("height")!);
        Assert.That(Numbers(picture, "x", "x1", "x2", "cx"), Is.Not.Empty.And.All.InRange(0, width));
        Assert.That(Numbers(picture, "y", "y1", "y2", "cy"), Is.Not.Empty.And.All.InRange(0, height));
        foreach (var (x, y) in Named(picture, "polyline").SelectMany(Points))
        {
            Assert.That(x, Is.InRange(0, width));
            Assert.That(y, Is.InRange(0, height));
        }

        Assert.That(
            Named(picture, "text").Select(text => text.Value), Is.All.Not.Contain("NaN").And.All.Not.Contain("∞"));
    }

    [Test]
    public void AxesAreMarkedInRoundNumbers()
    {
        var texts = Texts(LearningCurves.Draw(ThreeEpochs, "nin"));
        string[] losses = ["2.05", "2.10", "2.15", "2.20", "2.25", "2.30"];
        Assert.That(texts, Is.SupersetOf(losses), "losses 2.06 to 2.25");
        Assert.That(texts, Is.SupersetOf(new[] { "15", "20", "25", "30", "35" }), "accuracies 15.42 to 31.06 %");
        Assert.That(texts.Count(text => text == "2"), Is.EqualTo(2), "epoch 2 on both axes");
    }

    [Test]
    public void EpochsAreMarkedByTheFirstAndRoundOnes()
    {
        string[] ticks = ["1", "20", "40", "60", "80", "100"];
        Assert.That(Texts(LearningCurves.Draw(Run(100), "nin")), Is.SupersetOf(ticks));
    }

    [Test]
    public void ValuesLieWhereTheGridSays()
    {
        // 25 % and 2.10 are marked on the axes: their dots must lie on their grid lines.
        var picture = LearningCurves.Draw([Epoch(1, 2.2, 0.15, 0.25), Epoch(2, 2.1, 0.16, 0.35)], "nin");
        Assert.That(Height(picture, "epoch 1, test"), Is.EqualTo(GridLine(picture, "25")).Within(0.01));
        Assert.That(Height(picture, "epoch 2, train: 2.1"), Is.EqualTo(GridLine(picture, "2.10")).Within(0.01));

        static double Height(XElement picture, string tip) => (double)Named(picture, "circle")
            .Single(circle => circle.Value.StartsWith(tip, StringComparison.Ordinal)).Attribute("cy")!;

        // The label's baseline is 4 units below its line, so that its digits are centered on it.
        static double GridLine(XElement picture, string label) =>
            (double)Named(picture, "text").Single(text => text.Value == label).Attribute("y")! - 4;
    }

    [Test]
    public void TheFirstBestTestAccuracyIsMarked()
    {
        var picture = LearningCurves.Draw([.. ThreeEpochs, Epoch(4, 2, 0.27, 0.3106)], "nin");
        var ring = Named(picture, "circle").Single(circle => (string?)circle.Attribute("fill") == "white");
        var dot = Named(picture, "circle")
            .Single(circle => circle.Value.StartsWith("epoch 2, test", StringComparison.Ordinal));
        Assert.That((double)ring.Attribute("cx")!, Is.EqualTo((double)dot.Attribute("cx")!));
        Assert.That((double)ring.Attribute("cy")!, Is.EqualTo((double)dot.Attribute("cy")!));
        Assert.That(Texts(picture), Does.Contain("best 31.06 %"));
    }

    [TestCase(20, 5)]
    [TestCase(100, 20)]
    [TestCase(100, 3)]
    [TestCase(7, 7, Description = "the last epoch alone")]
    public void WhatWasMeasuredIsConnected(int epochs, int every)
    {
        var run = Run(epochs).Select(e => e.Epoch % every == 0 ? e : e with { TestAccuracy = null });
        var picture = LearningCurves.Draw([.. run], "nin");
        var tests = Named(picture, "polyline").Where(line => (string?)line.Attribute("stroke") == ChartColors.Test);

        var count = epochs / every;
        Assert.That(tests.Select(line => Points(line).Count()), Is.EqualTo(count > 1 ? new[] { count } : []));
        var dots = Named(picture, "title").Count(title => title.Value.Contains("test", StringComparison.Ordinal));
        Assert.That(dots, Is.EqualTo(count <= 30 ? count : 0));
    }

    [TestCase(20)]
    [TestCase(60)]
    public void WhatIsNotFiniteLeavesAGap(int epochs)
    {
        var run = Run(epochs).Select(
            e => e.Epoch is 7 or 8 or 12 ? e with { TestAccuracy = double.NaN, TrainLoss = double.NaN } : e);
        var lines = Named(LearningCurves.Draw([.. run], "nin"), "polyline").Select(line => Points(line).Count());
        int[] pieces = [6, 3, epochs - 12];
        Assert.That(lines, Is.EqualTo((int[])[.. pieces, epochs, .. pieces]), "loss, train and test accuracy");
    }

    [Test]
    public void SinglePointsBetweenGapsAreSeen()
    {
        var everyFifth = Run(100).Select(e => e.Epoch % 5 == 0 ? e : e with { TestAccuracy = double.NaN });
        var picture = LearningCurves.Draw([.. everyFifth], "nin");
        var tests = Named(picture, "title").Count(title => title.Value.Contains("test", StringComparison.Ordinal));
        Assert.That(tests, Is.EqualTo(20));
    }

    [Test]
    public void ALossThatIsNotFiniteIsCrossedOut()
    {
        var picture = LearningCurves.Draw([.. Run(5), Epoch(6, double.NaN, null, null)], "nin");
        Assert.That(Texts(picture), Does.Contain("not finite in epoch 6"));
        Assert.That(Texts(LearningCurves.Draw(Run(5), "nin")), Has.None.Contain("not finite"));
    }

    [Test]
    public void AnyTitleMakesAReadableFile()
    {
        using var folder = new TemporaryFolder();
        foreach (var (title, read) in new[]
        {
            ("a < b & \"c\" > 'd' ]]>", "a < b & \"c\" > 'd' ]]>"),
            (
                "bell \a, zero \0, half a pair \ud800, emoji 😀",
                @"bell \u0007, zero \u0000, half a pair \uD800, emoji 😀"),
        })
        {
            LearningCurves.Write(folder["curves.svg"], ThreeEpochs, title);
            Assert.That(Texts(XDocument.Load(folder["curves.svg"]).Root!), Does.Contain(read));
        }
    }

    [Test]
    public void ALongTitleIsCut()
    {
        var picture = LearningCurves.Draw(ThreeEpochs, new string('n', 500));
        Assert.That(Texts(picture), Does.Contain(new string('n', 95) + "…"));
    }

    [Test]
    public void TheMachinesCultureDoesNotMatter()
    {
        var expected = LearningCurves.Draw(Run(5), "nin").ToString();
        var before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        comma.NumberFormat.NegativeSign = "~";
        try
        {
            CultureInfo.CurrentCulture = comma;
            Assert.That(LearningCurves.Draw(Run(5), "nin").ToString(), Is.EqualTo(expected));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static IEnumerable<XElement> Named(XElement picture, string name) =>
        picture.Descendants().Where(element => element.Name.LocalName == name);

    private static List<string> Texts(XElement picture) => [.. Named(picture, "text").Select(text => text.Value)];

    private static List<double> Numbers(XElement picture, params string[] names) =>
        [.. picture.Descendants().Attributes().Where(a => names.Contains(a.Name.LocalName)).Select(a => (double)a)];

    private static IEnumerable<(double X, double Y)> Points(XElement polyline) =>
        from point in polyline.Attribute("points")!.Value.Split(' ')
        let pair = point.Split(',')
        select (
            double.Parse(pair[0], CultureInfo.InvariantCulture), double.Parse(pair[1], CultureInfo.InvariantCulture));
}
