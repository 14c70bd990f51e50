using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The compiler measures a collection by Length or Count; a shape's Count is the number of elements, not of extents.</summary>
public sealed class ShapePatternTests
{
    private static readonly Shape Item = [3, 32, 32];

    [Test]
    public void A_shape_spreads_into_another_extent_by_extent()
    {
        Shape batch = [128, .. Item];
        int[] extents = [.. Item, 7];
        Assert.That(batch.ToString(), Is.EqualTo("[128, 3, 32, 32]"));
        Assert.That(extents, Is.EqualTo(new[] { 3, 32, 32, 7 }));
    }

    [Test]
    public void List_patterns_see_the_extents()
    {
        Assert.That(Item is [3, var h, _] && h == 32);
        Assert.That((Shape)[] is []);
    }
}
