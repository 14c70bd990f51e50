using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Labels from tensors, and as text.</summary>
public sealed class LabelsTests
{
    [Test]
    public void Labels_print_as_tensors_do()
    {
        Assert.That($"{new Labels([3, 1, 4])}", Is.EqualTo("labels([3, 1, 4])"));
        Assert.That($"{new Labels([16777217, -1])}", Is.EqualTo("labels([16777217,       -1])"));
        Assert.That($"{new Labels([])}", Is.EqualTo("labels([])"));
        Assert.That($"{new Labels([0, 2], [])}", Is.EqualTo("labels([], size=(0, 2))"));
        Assert.That($"{new Labels([], [7])}", Is.EqualTo("labels(7)"));
        Assert.That($"{new Labels([2, 3], [1, 20, 3, 4, 5, 6])}", Is.EqualTo(
            """
            labels([[ 1, 20,  3],
                    [ 4,  5,  6]])
            """));
    }

    /// <summary>Masks are row-major, also of rank 4, where tensors are not.</summary>
    [Test]
    public void A_summary_has_the_edges_and_the_shape()
    {
        var options = new PrintOptions { Threshold = 5, EdgeItems = 1 };
        var masks = new Labels([1, 2, 3, 3], [.. Enumerable.Range(0, 18)]);
        Assert.That(masks.ToString(options), Is.EqualTo(
            """
            labels([[[[ 0,  ...,  2],
                      ...,
                      [ 6,  ...,  8]],

                     [[ 9,  ..., 11],
                      ...,
                      [15,  ..., 17]]]], size=(1, 2, 3, 3))
            """));
        Assert.That(
            new Labels([.. Enumerable.Range(0, 2000)]).ToString(), Is.EqualTo(
                "labels([   0,    1,    2,  ..., 1997, 1998, 1999], size=(2000,))"));
    }

    [Test]
    public void The_debugger_shows_the_first()
    {
        Assert.That(TensorPrintingTests.Debugger(new Labels([3, 1])), Is.EqualTo("Labels [2]: 3, 1"));
        Assert.That(
            TensorPrintingTests.Debugger(new Labels([3, 3], [.. Enumerable.Range(0, 9)])),
            Is.EqualTo("Labels [3, 3]: 0, 1, 2, 3, 4, 5, 6, 7, …"));
    }

    [TestCase("cpu")]
    [TestCase("emulated")]
    public void Labels_are_made_of_whole_numbers(string device)
    {
        var labels = new Labels(Tensor.From([2, 2], [3, 0, -1, 1 << 24], DeviceCatalog.Open(device)));
        Assert.That(labels, Is.EqualTo(new[] { 3, 0, -1, 1 << 24 }));
        Assert.That(labels.Shape, Is.EqualTo(Shape.Create([2, 2])));
        foreach (var wrong in (float[])[0.5f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 2147483648f])
            Assert.That(
                () => new Labels(Tensor.From([1], [wrong], DeviceCatalog.Open(device))),
                Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Labels: a whole number"));
        Assert.That(() => new Labels((Tensor)null!), Throws.ArgumentNullException);
    }
}
