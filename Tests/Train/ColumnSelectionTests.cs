using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class ColumnSelectionTests
{
    private static readonly Column[] Columns =
        [new("Model", 1), new("What it is", 3), new("Input", 2, IsNumber: true), new("Data", 4)];

    private static readonly string[][] Rows =
    [
        ["nin", "a network in a network", "3×32×32", "cifar10"],
        ["nin-net", "for large images", "1×224×224", "fashion-mnist"],
    ];

    // Cells are "nin-net" (7), "network" (7, the rest wraps), "1×224×224" (9) and "fashion-mnist" (13), each with 3
    // around it; and the frame.
    [TestCase(49, "0123")]
    [TestCase(48, "012")]
    [TestCase(33, "012")]
    [TestCase(32, "02", Description = "the least useful goes first, wherever it stands")]
    [TestCase(1, "02", Description = "never fewer")]
    public void As_many_columns_are_shown_as_fit_with_their_longest_words(int width, string columns) =>
        Assert.That(string.Concat(ColumnSelection.SelectColumns(Columns, Rows, width)), Is.EqualTo(columns));

    [Test]
    public void Only_texts_wrap() =>
        Assert.That(
            Enumerable.Range(0, 4).Where(i => ColumnSelection.Wraps(Columns, Rows, i)), Is.EqualTo(new[] { 1 }));
}
