using Spectre.Console.Rendering;

namespace PyNetSharp.Train;

/// <summary>Breaks text into lines of a terminal's width.</summary>
internal static class TextWrap
{
    private const string Separator = "  ";

    /// <summary>
    /// A text's lines, broken at spaces and within words that are wider than a line. After a break, the line's
    /// indentation is repeated.
    /// </summary>
    /// <param name="text">One line or several.</param>
    /// <param name="width">Characters per line, at least 1.</param>
    public static IEnumerable<string> Lines(string text, int width) =>
        text.ReplaceLineEndings("\n").TrimEnd('\n').Replace('\t', ' ').Split('\n')
            .SelectMany(line => WrapLine(line, Math.Max(1, width)));

    /// <summary>Facts two spaces apart; one that does not fit into a line is whole in the next, indented.</summary>
    /// <param name="facts">May be padded or blank, for columns where all are in one line.</param>
    /// <param name="width">Characters per line, at least 1.</param>
    public static IEnumerable<string> WrapItems(IReadOnlyList<string> facts, int width)
    {
        var line = string.Join(Separator, facts).TrimEnd();
        if (Width(line) <= width) return [line];

        List<string> lines = [];
        line = "";
        foreach (var fact in facts.Where(fact => !string.IsNullOrWhiteSpace(fact)))
            if (line.Length == 0) line = fact;
            else if (Width(line) + Separator.Length + Width(fact) <= width) line += Separator + fact;
            else
            {
                lines.Add(line);
                line = Separator + fact.TrimStart();
            }

        return lines.Append(line).SelectMany(part => WrapLine(part, Math.Max(1, width)));
    }

    /// <summary>As many facts from the first on as fit into one line.</summary>
    public static string FitItems(IReadOnlyList<string> facts, int width)
    {
        var line = facts[0];
        foreach (var fact in facts.Skip(1))
        {
            if (Width(line) + Separator.Length + Width(fact) > width) break;
            line += Separator + fact;
        }

        return line;
    }

    /// <summary>The columns of a text; letters of some scripts and emoji have two each.</summary>
    public static int Width(string text) => new Segment(text).CellCount();

    private static IEnumerable<string> WrapLine(string line, int width)
    {
        var indent = line[..(line.Length - line.TrimStart(' ').Length)];
        if (indent.Length > width / 2) indent = "";
        var part = indent;
        foreach (var word in line.Trim(' ').Split(' '))
        {
            if (part.Length > indent.Length && Width(part) + 1 + Width(word) > width)
            {
                yield return part.TrimEnd();
                part = indent;
            }

            var rest = part.Length > indent.Length ? ' ' + word : word;
            while (Width(part) + Width(rest) > width)
            {
                var fitting = FittingLength(rest, width - Width(part));
                if (fitting == rest.Length) break;
                yield return part + rest[..fitting];
                (part, rest) = (indent, rest[fitting..]);
            }

            part += rest;
        }

        yield return part.TrimEnd();
    }

    /// <summary>The characters from the first on that fit; at least one whole one.</summary>
    private static int FittingLength(string text, int width)
    {
        var (length, taken) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            taken += Width(rune.ToString());
            if (taken > width && length > 0) break;
            length += rune.Utf16SequenceLength;
        }

        return length;
    }
}
