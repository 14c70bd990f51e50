using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The list that <c>--augment</c> takes.</summary>
public sealed class AugmentationsTests
{
    [TestCase("standard", "standard")]
    [TestCase("flip", "flip=0.5")]
    [TestCase("crop,flip", "crop=4,flip=0.5")]
    [TestCase("mixup,flip=1,rotate", "flip=1,rotate=15,mixup=0.2")]
    [TestCase("jitter", "jitter=0.4:0.4:0.4:0")]
    [TestCase("jitter=0.2", "jitter=0.2:0.2:0.2:0")]
    [TestCase("jitter=0.1:0.2:0.3:0.05,cutout=8", "jitter=0.1:0.2:0.3:0.05,cutout=8")]
    [TestCase("randaugment=3:30,cutout,mixup=1e0", "randaugment=3:30,cutout=16,mixup=1")]
    [TestCase("randaugment", "randaugment=2:9")]
    public void A_list_is_read_and_written(string text, string canonical)
    {
        Assert.That(Augmentations.Parse(text).ToString(), Is.EqualTo(canonical));
        Assert.That(Augmentations.Parse(canonical).ToString(), Is.EqualTo(canonical));
    }

    [TestCase("")]
    [TestCase("flip,")]
    [TestCase("flip,flip=0.2")]
    [TestCase("flop")]
    [TestCase("flip=")]
    [TestCase("flip=0")]
    [TestCase("flip=1.5")]
    [TestCase("flip=0.5:0.5")]
    [TestCase("flip=0,5")]
    [TestCase("standard=1")]
    [TestCase("crop=0")]
    [TestCase("crop=2.5")]
    [TestCase("crop=-1")]
    [TestCase("rotate=200")]
    [TestCase("rotate=NaN")]
    [TestCase("jitter=0.1:0.2")]
    [TestCase("jitter=0.1:0.2:0.3:0.6")]
    [TestCase("randaugment=2")]
    [TestCase("randaugment=0:9")]
    [TestCase("randaugment=2:31")]
    [TestCase("mixup=0")]
    [TestCase("mixup=1=2")]
    public void Other_lists_are_refused(string text) => Assert.That(
        () => Augmentations.Parse(text),
        Throws.TypeOf<InputException>().With.Message.Contains($"'{text}': expected a list of flip[=P]"));

    [Test]
    public void Images_are_changed_before_they_are_normalized()
    {
        // White stays white, whatever its normalization; a cutout is the mean, which becomes 0.
        var pixels = Enumerable.Repeat((byte)255, 3 * 12 * 12).ToArray();
        var white = new ImageDataset("white", ["a"], [3, 12, 12], pixels, [0]);
        var recipe = NetworkCatalog.Find("nin").Recipe with { Resize = null, Mean = 0.3f, Std = 0.2f };
        var values = Apply(Augmentations.Parse("flip,jitter=0:0.2:0.2:0.1,cutout=4"), recipe, white);
        var expected = (1 - 0.3f) / 0.2f;
        Assert.That(values.Select(value => Math.Abs(value) < 1e-5 ? 0 : value), Is.All.EqualTo(0f).Or.EqualTo(expected)
            .Within(0.01f));
        Assert.That(values.Count(value => Math.Abs(value) < 1e-5), Is.InRange(3 * 4, 3 * 16));

        var standard = Apply(Augmentations.Parse("standard"), recipe, white);
        var y = new float[pixels.Length];
        recipe.CreateTransforms(white, augment: true).Apply(white.ItemShape, Item(white), y, new Rng(3));
        Assert.That(standard, Is.EqualTo(y), "the old option");
    }

    [Test]
    public void What_has_no_meaning_for_the_items_is_named()
    {
        var flowers = new FeatureDataset("flowers", ["a", "b"], [1, 2, 3, 4], [0, 1]);
        var recipe = NetworkCatalog.Find("fcnet").Recipe;
        Assert.That(
            () => Augmentations.Parse("rotate,flip").CreateTransforms(recipe, flowers),
            Throws.TypeOf<InputException>().With.Message.Contains("flowers cannot be augmented by rotate"));
        Shape item = [2];
        Assert.That(Augmentations.Parse("mixup").CreateTransforms(recipe, flowers).Infer(item), Is.EqualTo(item));
        Assert.That(Augmentations.Parse("mixup=0.3").Mixup!.Alpha, Is.EqualTo(0.3f));
        Assert.That(Augmentations.Parse("flip").Mixup, Is.Null);

        var small = new ImageDataset("small", ["a"], [1, 4, 6], new byte[24], [0]);
        foreach (var list in (string[])["crop", "cutout=4"])
            Assert.That(
                () => Augmentations.Parse(list).CreateTransforms(recipe, small),
                Throws.TypeOf<InputException>().With.Message.Contains("4×6 pixels; expected less than 4"));
    }

    private static float[] Apply(Augmentations list, Recipe recipe, Dataset set)
    {
        var y = new float[set.ItemShape.Size];
        list.CreateTransforms(recipe, set).Apply(set.ItemShape, Item(set), y, new Rng(3));
        return y;
    }

    private static float[] Item(Dataset set)
    {
        var x = new float[set.ItemShape.Size];
        set.Read(0, x);
        return x;
    }
}
