using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class TableFitTests
{
    private static readonly string[] Headings = ["Model", "What it is", ">Input", "Data"];
    private static readonly string[][] Rows =
        [["nin", "a network in a network", "3×32×32", "cifar10"], ["nin-net", "for large images", "1×224×224", "fashion-mnist"]];

    // Cells are "nin-net" (7), "network" (7, the rest wraps), "1×224×224" (9) and "fashion-mnist" (13), each with 3 around it; and the frame.
    [TestCase(49, 4)]
    [TestCase(48, 3)]
    [TestCase(33, 3)]
    [TestCase(32, 2)]
    [TestCase(1, 2, Description = "never fewer")]
    public void As_many_columns_are_shown_as_have_room_for_their_longest_words(int width, int columns) =>
        Assert.That(TableFit.Columns(Headings, Rows, width), Is.EqualTo(columns));

    [Test]
    public void Only_texts_wrap() =>
        Assert.That(Enumerable.Range(0, 4).Select(i => TableFit.Wraps(Headings, Rows, i)), Is.EqualTo(new[] { false, true, false, false }));
}
