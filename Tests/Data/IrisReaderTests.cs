using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class IrisReaderTests
{
    private static readonly string[] Species = ["Iris-setosa", "Iris-versicolor", "Iris-virginica"];

    [Test]
    public void SplitsEachSpeciesIntoFifths()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["iris.data"], Flowers(perSpecies: 10) + "\n\n");
        var (train, test) = IrisReader.Read(folder["iris.data"], seed: 1);

        Assert.That(train.ItemShape, Is.EqualTo(Shape.Create([4])));
        Assert.That(
            DataFiles.Labels(train).CountBy(label => label).Select(pair => pair.Value), Is.EqualTo(new[] { 8, 8, 8 }));
        Assert.That(
            DataFiles.Labels(test).CountBy(label => label).Select(pair => pair.Value), Is.EqualTo(new[] { 2, 2, 2 }));

        var all = Enumerable.Range(0, train.Count).Select(i => DataFiles.ReadItem(train, i))
            .Concat(Enumerable.Range(0, test.Count).Select(i => DataFiles.ReadItem(test, i))).ToArray();
        Assert.That(
            all.Select(item => item[0]).Order(),
            Is.EqualTo(Enumerable.Range(0, 30).Select(i => 1 + i / 10f)).Within(1e-5f));
        Assert.That(all.Select(item => item[3]), Is.All.EqualTo(0.2f));
    }

    [Test]
    public void TheSeedDeterminesTheParts()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["iris.data"], Flowers(perSpecies: 50));
        float[] First(ulong seed) => DataFiles.ReadItem(IrisReader.Read(folder["iris.data"], seed).Test, 0);
        Assert.That(IrisReader.Read(folder["iris.data"]).Test.Count, Is.EqualTo(30));
        var first = First(1);
        Assert.That(First(1), Is.EqualTo(first));
        Assert.That(First(2), Is.Not.EqualTo(first));
    }

    [Test]
    public void TwoFlowersOfASpeciesAreOneOfEachPart()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["iris.data"], Flowers(perSpecies: 2));
        var (train, test) = IrisReader.Read(folder["iris.data"]);
        Assert.That((train.Count, test.Count), Is.EqualTo((3, 3)));
    }

    [TestCase("5.1,3.5,1.4,0.2", "line 2: 4 fields")]
    [TestCase("5.1,3.5,x,0.2,Iris-setosa", "line 2: 'x'; expected a length")]
    [TestCase("5.1,3.5,NaN,0.2,Iris-setosa", "line 2: 'NaN'")]
    [TestCase("5.1,-3.5,1.4,0.2,Iris-setosa", "line 2: '-3.5'")]
    [TestCase("5.1,3.5,1.4,0.2,Iris-florentina", "line 2: species 'Iris-florentina'; expected Iris-setosa")]
    public void NamesTheLineOfAnError(string line, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["iris.data"], "\n" + line + "\n" + Flowers(perSpecies: 2));
        Assert.That(
            () => IrisReader.Read(folder["iris.data"]),
            Throws.InstanceOf<InputException>().With.Message.Contains("iris.data").And.Message.Contains(message));
    }

    [Test]
    public void RefusesASpeciesWithoutFlowers()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["iris.data"], "5.1,3.5,1.4,0.2,Iris-setosa\n5.1,3.5,1.4,0.2,Iris-setosa\n");
        Assert.That(
            () => IrisReader.Read(folder["iris.data"]),
            Throws.InstanceOf<InputException>().With.Message.Contains("has 0 flowers of Iris-versicolor"));
    }

    /// <summary>Flower i of all has the sepal length 1 + i/10.</summary>
    private static string Flowers(int perSpecies) => string.Join('\n', Enumerable.Range(0, 3 * perSpecies)
        .Select(i => FormattableString.Invariant($"{1 + i / 10m},3.5,1.4,0.2,{Species[i / perSpecies]}")));
}
