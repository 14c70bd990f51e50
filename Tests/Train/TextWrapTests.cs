using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class TextWrapTests
{
    [TestCase("one two three", 13, "one two three")]
    [TestCase("one two three", 12, "one two", "three")]
    [TestCase("  one two three", 6, "  one", "  two", "  thre", "  e", Description = "5 letters beside an indent")]
    [TestCase("  one two", 3, "one", "two", Description = "no room for the indent")]
    [TestCase("abc", 1, "a", "b", "c")]
    [TestCase("abc", 0, "a", "b", "c", Description = "as for 1")]
    [TestCase("", 5, "")]
    [TestCase("a\n\nb\n", 5, "a", "", "b")]
    [TestCase("猫猫猫", 5, "猫猫", "猫", Description = "two columns each")]
    [TestCase("😀😀", 2, "😀", "😀", Description = "no surrogate pair is broken")]
    [TestCase("猫", 1, "猫", Description = "a letter is never broken")]
    public void Lines_break_at_spaces_and_else_within_words(string text, int width, params string[] lines) =>
        Assert.That(TextWrap.Lines(text, width), Is.EqualTo(lines));

    [TestCase(40, "epoch 1  loss   2.3  test 50 %  best")]
    [TestCase(35, "epoch 1  loss   2.3  test 50 %", "  best")]
    [TestCase(20, "epoch 1  loss   2.3", "  test 50 %  best")]
    [TestCase(6, "epoch", "1", "  loss", "  2.3", "  test", "  50 %", "  best")]
    public void Facts_are_not_broken_where_they_fit_into_a_line(int width, params string[] lines) =>
        Assert.That(TextWrap.WrapItems(["epoch 1", "loss   2.3", "test 50 %", "best"], width), Is.EqualTo(lines));

    [Test]
    public void Blank_facts_keep_columns_in_one_line_only()
    {
        Assert.That(TextWrap.WrapItems(["a", "   ", "b", ""], 10), Is.EqualTo(new[] { "a       b" }));
        Assert.That(TextWrap.WrapItems(["a", "   ", "b", ""], 7), Is.EqualTo(new[] { "a  b" }));
    }

    [TestCase(100, "epoch 1  9 s left  loss 2.3")]
    [TestCase(17, "epoch 1  9 s left")]
    [TestCase(16, "epoch 1")]
    [TestCase(1, "epoch 1")]
    public void Of_facts_for_one_line_the_first_are_taken(int width, string line) =>
        Assert.That(TextWrap.FitItems(["epoch 1", "9 s left", "loss 2.3"], width), Is.EqualTo(line));
}
