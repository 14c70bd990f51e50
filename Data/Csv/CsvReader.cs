using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>Reads items with numbers for features from comma-separated values.</summary>
/// <remarks>
/// The first line names the columns. One column, of texts or whole numbers, is the class; all others are features:
/// numbers with a decimal point, whatever the system's language. A missing value is an error, as is any text.
/// </remarks>
public static class CsvReader
{
    private const int MaxClasses = 10_000, MaxLabelLength = 512, MaxNamed = 12;

    /// <summary>Reads a file, and divides its items at random into those for training and those for testing.</summary>
    /// <param name="path">The file, in UTF-8.</param>
    /// <param name="options">The column of the classes, and more.</param>
    /// <returns>
    /// Items [features] as the file has them: a recipe's transforms standardize them by the training part. Classes are
    /// in ascending order: of numbers where all are, of texts otherwise.
    /// </returns>
    /// <exception cref="InputException">
    /// The file cannot be read, has no such column, less than two classes or items of a class, or a line that does not
    /// fit: the message names line and column.
    /// </exception>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public static TrainTestSplit Read(string path, CsvOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!CsvOptions.IsSeparator(options.Separator))
            throw new ArgumentException($"A separator cannot be {Quote($"{options.Separator}")}.", nameof(options));
        if (options.TestShare is not (> 0 and < 1))
            throw new ArgumentException(
                FormattableString.Invariant($"A share to test on lies between 0 and 1, not at {options.TestShare}."),
                nameof(options));
        return Split(path, Parse(path, options.Separator, parser => new Table(path, parser, options.Label)), options);
    }

    /// <summary>The names of a file's columns: its first line.</summary>
    /// <param name="path">The file, in UTF-8.</param>
    /// <param name="separator">As <see cref="CsvOptions.Separator"/>.</param>
    /// <exception cref="InputException">The file cannot be read, or is empty.</exception>
    internal static IReadOnlyList<string> ReadColumns(string path, char separator) =>
        Parse(path, separator, parser => ReadHeader(path, parser));

    /// <summary>The first names, in quotes, for a message.</summary>
    internal static string QuoteColumns(IReadOnlyList<string> columns) =>
        string.Join(", ", columns.Take(MaxNamed).Select(Quote)) + (columns.Count > MaxNamed ? ", …" : "");

    private static T Parse<T>(string path, char separator, Func<CsvParser, T> parse) => DataFile.Read(path, file =>
    {
        if (file.Length > DataFile.MaxBytes)
            throw new InputException($"'{path}' has {file.Length} bytes; expected at most {DataFile.MaxBytes}.");
        using var text = new StreamReader(file, Encoding.UTF8);
        return parse(new(text, separator));
    });

    private static string[] ReadHeader(string path, CsvParser parser) => ReadLine(path, parser) is { } header
        ? [.. header.Select(name => name.Trim())]
        : throw new InputException($"'{path}' is empty; expected a line that names columns.");

    private static IReadOnlyList<string>? ReadLine(string path, CsvParser parser)
    {
        try
        {
            return parser.Read();
        }
        catch (FormatException fault)
        {
            throw new InputException($"'{path}', line {parser.Line}: {fault.Message}.", fault);
        }
    }

    private static TrainTestSplit Split(string path, Table table, CsvOptions options)
    {
        var (classes, labels) = Classes(table.Labels);
        if (classes.Length < 2)
            throw new InputException(
                $"'{path}': column {Quote(options.Label)} has {classes.Length} classes; expected 2 or more.");
        var features = table.Features.Count / labels.Length;
        if (features == 0)
            throw new InputException($"'{path}' has no columns but {Quote(options.Label)}; expected features.");

        var count = Math.Clamp((int)Math.Round(options.TestShare * labels.Length), 1, labels.Length - 1);
        var isTest = StratifiedDraw.Draw(labels, count, new(options.Seed));
        var name = Path.GetFileName(path);
        var all = CollectionsMarshal.AsSpan(table.Features);
        return new(Part($"{name} train", false, all), Part($"{name} test", true, all));

        FeatureDataset Part(string part, bool ofTest, ReadOnlySpan<float> all)
        {
            int[] items = [.. Enumerable.Range(0, labels.Length).Where(i => isTest[i] == ofTest)];
            var values = new float[items.Length * features];
            for (var i = 0; i < items.Length; i++)
                all.Slice(items[i] * features, features).CopyTo(values.AsSpan(i * features));
            return new(part, classes, values, [.. items.Select(item => labels[item])]);
        }
    }

    private static (string[] Names, int[] Labels) Classes(List<string> texts)
    {
        var distinct = texts.Distinct().ToArray();
        var areNumbers = distinct.All(text => Number(text) is not null);
        string[] names = areNumbers
            ? [.. distinct.OrderBy(text => Number(text)).ThenBy(text => text, StringComparer.Ordinal)]
            : [.. distinct.Order(StringComparer.Ordinal)];
        var index = names.Index().ToDictionary(name => name.Item, name => name.Index);
        return (names, [.. texts.Select(text => index[text])]);

        static long? Number(string text) =>
            long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : null;
    }

    /// <summary>The values of a file.</summary>
    private sealed class Table
    {
        private readonly string path;
        private readonly CsvParser parser;
        private readonly string[] columns;
        private readonly int label;

        public Table(string path, CsvParser parser, string labelColumn)
        {
            (this.path, this.parser) = (path, parser);
            columns = ReadHeader(path, parser);
            label = FindLabel(labelColumn);
            var known = new Dictionary<string, string>();       // one object for equal labels
            while (ReadLine(path, parser) is { } fields) Add(fields, known);
            if (Labels.Count < 2)
                throw new InputException($"'{path}' has {Labels.Count} lines of values; expected 2 or more.");
        }

        /// <summary>[items, features]</summary>
        public List<float> Features { get; } = [];

        public List<string> Labels { get; } = [];

        private int FindLabel(string name)
        {
            var count = columns.Count(column => column == name);
            if (count == 1) return Array.IndexOf(columns, name);
            throw new InputException(
                $"'{path}' has {(count == 0 ? "no column" : $"{count} columns")} {Quote(name)}; line 1 names " +
                $"{QuoteColumns(columns)}." + (columns.Length == 1 ? " Is the separator another one?" : ""));
        }

        private void Add(IReadOnlyList<string> fields, Dictionary<string, string> known)
        {
            if (fields.Count != columns.Length)
                throw new InputException(
                    $"'{path}', line {parser.Line}: {fields.Count} fields; line 1 names {columns.Length} columns.");
            if ((Features.Count + (long)fields.Count) * sizeof(float) > DataFile.MaxBytes)
                throw new InputException(
                    $"'{path}', line {parser.Line}: more than {DataFile.MaxBytes / sizeof(float)} numbers.");
            for (var i = 0; i < fields.Count; i++)
                if (i == label) Labels.Add(ReadLabel(fields[i].Trim(), known));
                else Features.Add(ReadNumber(fields[i], i));
        }

        private string ReadLabel(string text, Dictionary<string, string> known)
        {
            if (known.TryGetValue(text, out var same)) return same;
            if (text.Length is 0 or > MaxLabelLength) throw Fault(text, label, "the name or number of a class");
            if (known.Count == MaxClasses)
                throw new InputException(
                    $"'{path}', line {parser.Line}: column {Quote(columns[label])} has more than {MaxClasses} " +
                    "different values; expected classes.");
            known.Add(text, text);
            return text;
        }

        private float ReadNumber(string text, int column) =>
            float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) && float.IsFinite(x)
                ? x
                : throw Fault(text, column, "a number, as 0.5 or 1e-3");

        private InputException Fault(string text, int column, string expected) => new(
            $"'{path}', line {parser.Line}, column {Quote(columns[column])}: " +
            $"{(string.IsNullOrWhiteSpace(text) ? "the value is missing" : Quote(text))}; expected {expected}.");
    }
}
