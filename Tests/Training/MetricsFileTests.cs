using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class MetricsFileTests
{
    private static readonly EpochRecord First = new(1, 390, 2.2512, 0.1542, null, 12.5, 4000, 0.01);
    private static readonly EpochRecord Second =
        new(2, 780, 2.14, 0.2223, 0.2622, 12.25, 4081.632653061224, 0.01, 1.25, 1.5, 0.25, 1.5);

    [Test]
    public void WritesOneObjectPerLine()
    {
        using var folder = new TemporaryFolder();
        MetricsFile.Append(folder["metrics.jsonl"], First);
        MetricsFile.Append(folder["metrics.jsonl"], Second);
        string[] lines =
        [
            "{\"epoch\":1,\"step\":390,\"train_loss\":2.2512,\"train_accuracy\":0.1542,\"test_accuracy\":null," +
            "\"seconds\":12.5,\"images_per_second\":4000,\"learning_rate\":0.01,\"test_loss\":null," +
            "\"test_seconds\":null,\"validation_accuracy\":null,\"validation_loss\":null}\n",
            "{\"epoch\":2,\"step\":780,\"train_loss\":2.14,\"train_accuracy\":0.2223,\"test_accuracy\":0.2622," +
            "\"seconds\":12.25,\"images_per_second\":4081.632653061224,\"learning_rate\":0.01,\"test_loss\":1.25," +
            "\"test_seconds\":1.5,\"validation_accuracy\":0.25,\"validation_loss\":1.5}\n",
        ];
        Assert.That(File.ReadAllText(folder["metrics.jsonl"]), Is.EqualTo(string.Concat(lines)));
        Assert.That(MetricsFile.Read(folder["metrics.jsonl"]), Is.EqualTo(new[] { First, Second }));
    }

    [Test]
    public void ALineFromBeforeTheTestLossIsRead()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(
            folder["metrics.jsonl"],
            "{\"epoch\":1,\"step\":390,\"train_loss\":2.2512,\"train_accuracy\":0.1542,\"test_accuracy\":null," +
            "\"seconds\":12.5,\"images_per_second\":4000,\"learning_rate\":0.01}\n");
        Assert.That(MetricsFile.Read(folder["metrics.jsonl"]), Is.EqualTo(new[] { First }));
    }

    [Test]
    public void ALossThatIsNotFiniteBecomesNull(
        [Values(double.NaN, double.PositiveInfinity, double.NegativeInfinity)] double loss)
    {
        using var folder = new TemporaryFolder();
        MetricsFile.Append(folder["metrics.jsonl"], First with { TrainLoss = loss });
        Assert.That(File.ReadAllText(folder["metrics.jsonl"]), Does.Contain("\"train_loss\":null,"));
        Assert.That(MetricsFile.Read(folder["metrics.jsonl"])[0].TrainLoss, Is.NaN);
    }

    [Test]
    public void ACheckpointBeforeTheFirstStepIsRead()
    {
        using var folder = new TemporaryFolder();
        MetricsFile.Append(folder["metrics.jsonl"], First with { Step = 0 });
        Assert.That(MetricsFile.Read(folder["metrics.jsonl"])[0].Step, Is.Zero);
    }

    [Test]
    public void ALastLineCutAnywhereDoesNotCount()
    {
        using var folder = new TemporaryFolder();
        MetricsFile.Append(folder["metrics.jsonl"], First);
        var whole = new FileInfo(folder["metrics.jsonl"]).Length;
        MetricsFile.Append(folder["metrics.jsonl"], Second);
        var bytes = File.ReadAllBytes(folder["metrics.jsonl"]);

        for (var length = whole; length < bytes.Length - 1; length++)      // without its newline the object is complete
        {
            File.WriteAllBytes(folder["metrics.jsonl"], bytes[..(int)length]);
            var epochs = MetricsFile.Read(folder["metrics.jsonl"]);
            Assert.That(epochs, Is.EqualTo(new[] { First }), $"cut to {length} bytes");
        }
    }

    [TestCase("{\"epoch\":1}", "line 1", Description = "a member is missing")]
    [TestCase("\n{\"epoch\":", "line 2", Description = "cut, but not last")]
    [TestCase("null", "line 1")]
    [TestCase("[]", "line 1")]
    [TestCase("{\"epoch\":1,\"step\":1,\"train_loss\":\"x\",\"train_accuracy\":0,\"test_accuracy\":0,\"seconds\":0,"
        + "\"images_per_second\":0,\"learning_rate\":0}", "line 1", Description = "a word where a number belongs")]
    public void NamesTheLineThatIsNoEpoch(string content, string line)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["metrics.jsonl"], content + "\n");
        var path = folder["metrics.jsonl"];
        Assert.That(
            () => MetricsFile.Read(path),
            Throws.TypeOf<InputException>().With.Message.StartsWith($"'{path}', {line}, is not an epoch"));
    }

    [Test]
    public void NamesTheFileThatIsNotThere()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => MetricsFile.Read(folder["metrics.jsonl"]),
            Throws.TypeOf<InputException>().With.Message.Contains("metrics.jsonl"));
        Assert.That(
            () => MetricsFile.Append(Path.Combine(folder["missing"], "metrics.jsonl"), First),
            Throws.TypeOf<InputException>().With.Message.Contains("cannot be written"));
    }
}
