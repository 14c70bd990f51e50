using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class ShapeTests
{
    /// <summary>
    /// The compiler measures what it spreads by Length or Count, so neither may be the number of elements.
    /// </summary>
    [Test]
    public void A_shape_spreads_into_another_extent_by_extent()
    {
        Shape item = [3, 32, 32], batch = [128, .. item];
        int[] extents = [.. item, 7];
        Assert.That(batch.ToString(), Is.EqualTo("[128, 3, 32, 32]"));
        Assert.That(extents, Is.EqualTo(new[] { 3, 32, 32, 7 }));
    }
}
