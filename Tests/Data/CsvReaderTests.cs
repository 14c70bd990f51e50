using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Items from comma-separated values.</summary>
public sealed class CsvReaderTests
{
    private const string Flowers =
        """
        length, width,kind
        1.5,-2e-1,rose
         3 ,4,"tulip"
        5,6,rose
        7,8,tulip

        9,10,rose
        11,12,tulip
        """;

    [Test]
    public void Features_classes_and_parts_are_read()
    {
        var (train, test) = Read(Flowers, new("kind") { TestShare = 0.4 });
        Assert.That(train.ClassNames, Is.EqualTo(new[] { "rose", "tulip" }));
        Assert.That(train.ItemShape, Is.EqualTo(Shape.Create([2])));
        Assert.That((train.Count, test.Count), Is.EqualTo((4, 2)));
        Assert.That((train.Name, test.Name), Is.EqualTo(("x.csv train", "x.csv test")));
        Assert.That(DataFiles.Labels(test), Is.EquivalentTo(new[] { 0, 1 }), "a share of each class");

        var known = new Dictionary<float, (float, int)>
        {
            [1.5f] = (-0.2f, 0), [3] = (4, 1), [5] = (6, 0), [7] = (8, 1), [9] = (10, 0), [11] = (12, 1),
        };
        var seen = new List<float>();
        foreach (var set in (Dataset[])[train, test])
            for (var i = 0; i < set.Count; i++)
            {
                var item = DataFiles.ReadItem(set, i);
                Assert.That((item[1], set.Labels[i]), Is.EqualTo(known[item[0]]));
                seen.Add(item[0]);
            }

        Assert.That(seen, Is.EquivalentTo(known.Keys));
        var again = Read(Flowers, new("kind") { TestShare = 0.4 }).Test;
        Assert.That(DataFiles.ReadItem(again, 0), Is.EqualTo(DataFiles.ReadItem(test, 0)), "the same seed");
    }

    [Test]
    public void The_label_may_be_any_column_and_numbers_are_in_order()
    {
        var rows = string.Concat(new[] { 10, 9, -1, 10, 9, -1 }.Select((label, i) => $"{label};{i},5;{i}.25\r\n"));
        var text = "k;a;b\r\n" + rows.Replace(",5", ".5", StringComparison.Ordinal);
        var (train, test) = Read(text, new("k") { Separator = ';', TestShare = 0.5 });
        Assert.That(train.ClassNames, Is.EqualTo(new[] { "-1", "9", "10" }));
        Assert.That(DataFiles.Labels(train), Is.EquivalentTo(new[] { 0, 1, 2 }));
        Assert.That(test.ItemShape, Is.EqualTo(Shape.Create([2])));
    }

    [Test]
    public void Quoted_fields_may_hold_separators_quotes_and_line_breaks()
    {
        using var text = new StringReader("\"a,b\",\"c\"\"d\"\r\n\"1\r\n2\",\r\n\r\nx,\"\"");
        var parser = new CsvParser(text, ',');
        Assert.That(parser.Read(), Is.EqualTo(new[] { "a,b", "c\"d" }));
        Assert.That(parser.Read(), Is.EqualTo(new[] { "1\n2", "" }));
        Assert.That(parser.Line, Is.EqualTo(2));
        Assert.That(parser.Read(), Is.EqualTo(new[] { "x", "" }));
        Assert.That(parser.Line, Is.EqualTo(5));
        Assert.That(parser.Read(), Is.Null);
    }

    [Test]
    public void The_language_of_the_system_has_no_effect()
    {
        var (before, commas) = (CultureInfo.CurrentCulture, (CultureInfo)CultureInfo.InvariantCulture.Clone());
        (commas.NumberFormat.NumberDecimalSeparator, commas.NumberFormat.NumberGroupSeparator) = (",", ".");
        commas.NumberFormat.NegativeSign = "~";
        try
        {
            CultureInfo.CurrentCulture = commas;
            Features_classes_and_parts_are_read();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Test]
    public void A_byte_order_mark_is_no_part_of_a_name() =>
        Assert.That(Read("\uFEFFk,a\nx,1\ny,2\n", new("k")).Train.ClassNames, Has.Count.EqualTo(2));

    [Test]
    public void Features_are_standardized_by_the_training_part()
    {
        var rows = Enumerable.Range(0, 200).Select(i => $"{i * 3},{i % 7},{(i % 2 == 0 ? "a" : "b")}");
        var (train, _) = Read("x,y,k\n" + string.Join('\n', rows), new("k") { TestShare = 0.25 });
        var transform = NetworkCatalog.Find("fcnet").Recipe.CreateTransforms(train);
        var values = new double[2, train.Count];
        var y = new float[2];
        for (var i = 0; i < train.Count; i++)
        {
            transform.Apply(train.ItemShape, DataFiles.ReadItem(train, i), y, new Rng(0));
            (values[0, i], values[1, i]) = (y[0], y[1]);
        }

        for (var f = 0; f < 2; f++)
        {
            var column = Enumerable.Range(0, train.Count).Select(i => values[f, i]).ToArray();
            Assert.That(column.Average(), Is.Zero.Within(1e-6));
            Assert.That(column.Average(value => value * value), Is.EqualTo(1).Within(1e-5));
        }
    }

    [TestCase("", "is empty")]
    [TestCase("\n\n", "is empty")]
    [TestCase("a,k\n", "has 0 lines of values")]
    [TestCase("a,b\n1,x\n", "has no column 'k'; line 1 names 'a', 'b'.")]
    [TestCase("a;k\n1;x\n", "has no column 'k'; line 1 names 'a;k'. Is the separator another one?")]
    [TestCase("k,k\n1,x\n", "has 2 columns 'k'")]
    [TestCase("a,k\n1,x\n2\n", "line 3: 1 fields; line 1 names 2 columns")]
    [TestCase("a,k\n1,x\n\n\"2\",y,3\n", "line 4: 3 fields")]
    [TestCase("a,k\n1,x\n,y\n", "line 3, column 'a': the value is missing; expected a number")]
    [TestCase("a,k\n1,x\nNA,y\n", "line 3, column 'a': 'NA'; expected a number")]
    [TestCase("a,k\n1,x\nNaN,y\n", "line 3, column 'a': 'NaN'")]
    [TestCase("a,k\n1,x\n1e99,y\n", "line 3, column 'a': '1e99'")]
    [TestCase("a,k\n1,x\n\"1,5\",y\n", "line 3, column 'a': '1,5'")]
    [TestCase("a,k\n1,x\n2,\n", "line 3, column 'k': the value is missing; expected the name or number of a class")]
    [TestCase("a,k\n1,x\n2,x\n", "column 'k' has 1 classes; expected 2 or more")]
    [TestCase("k\nx\ny\n", "has no columns but 'k'")]
    [TestCase("a,k\n1,\"x\n2,y\n", "line 2: a field in quotes does not end")]
    [TestCase("a,k\n1,x\"y\n2,y\n", "line 2: a quote within a field")]
    [TestCase("a,k\n1,\"x\"y\n2,y\n", "line 2: text after the closing quote")]
    [TestCase("a,k\n1,x\n\u001b[2J,y\n", "column 'a': '\\u001B[2J'")]
    public void A_fault_is_named_by_line_and_column(string text, string expected)
    {
        var fault = Assert.Throws<InputException>(() => Read(text, new("k")))!;
        Assert.That(fault.Message, Does.Contain("x.csv'").And.Contain(expected).And.Not.Contain("\n"));
    }

    [Test]
    public void Limits_are_named()
    {
        var longField = new string('1', CsvParser.MaxLength + 1);
        AssertFault($"a,k\n{longField},x\n", "line 2: a field of more than 65536 characters");
        AssertFault($"a,k\n1,{new string('x', 600)}\n", "column 'k'");
        AssertFault(new string(',', 70_000), "more than 65536 fields");
        var classes = Enumerable.Range(0, 10_001).Select(i => string.Create(CultureInfo.InvariantCulture, $"1,c{i}"));
        AssertFault("a,k\n" + string.Join('\n', classes), "more than 10000 different values");
        Assert.That(() => Read(Flowers, new("kind") { Separator = '"' }), Throws.ArgumentException);
        Assert.That(() => Read(Flowers, new("kind") { TestShare = 1 }), Throws.ArgumentException);

        static void AssertFault(string text, string expected) =>
            Assert.That(
                () => Read(text, new("k")), Throws.TypeOf<InputException>().With.Message.Contains(expected));
    }

    private static TrainTestSplit Read(string text, CsvOptions options)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x.csv"], text);
        return CsvReader.Read(folder["x.csv"], options);
    }
}
