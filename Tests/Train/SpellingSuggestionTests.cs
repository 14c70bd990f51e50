using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class SpellingSuggestionTests
{
    private static readonly string[] Names =
        ["nin", "nin-net", "alexnet", "alexnet-origin", "lenet5", "two-layer", "cifar10", "cifar100", "xor"];

    [TestCase("nim", "nin", Description = "a letter replaced")]
    [TestCase("nni", "nin", Description = "neighbors swapped: one error, not two")]
    [TestCase("alxenet", "alexnet", Description = "two errors in seven letters")]
    [TestCase("lenet", "lenet5", Description = "a letter missing")]
    [TestCase("cifar-10", "cifar10", Description = "a letter too many")]
    [TestCase("NIN", "nin", Description = "case does not count")]
    [TestCase("cifar110", "cifar10", Description = "the first of equally near names")]
    [TestCase("alex", "alexnet", Description = "the shortest that begins so")]
    [TestCase("nin-nte", "nin-net")]
    public void FindsWhatWasMeant(string word, string expected) =>
        Assert.That(SpellingSuggestion.Find(word, Names), Is.EqualTo(expected));

    [TestCase("resnet50")]
    [TestCase("")]
    [TestCase("q")]
    public void FindsNothingWhereNothingIsNear(string word) =>
        Assert.That(SpellingSuggestion.Find(word, Names), Is.Null);

    [Test]
    public void DoesNotOfferAOneLetterNameForAnother() => Assert.That(SpellingSuggestion.Find("b", ["a"]), Is.Null);

    [Test]
    public void LongWordsCostNothing() =>
        Assert.That(SpellingSuggestion.Find(new string('n', 10_000_000), Names), Is.Null);

    [Test]
    public void SaysWhatExists()
    {
        Assert.That(
            SpellingSuggestion.UnknownNameMessage("model", "nim", ["alexnet", "nin"]),
            Is.EqualTo("unknown model 'nim'; did you mean 'nin'? The models are alexnet, nin."));
        Assert.That(
            SpellingSuggestion.UnknownNameMessage("class", "q", ["one", "two"], "classes"),
            Is.EqualTo("unknown class 'q'. The classes are one, two."));
    }
}
