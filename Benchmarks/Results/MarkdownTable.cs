using System.Text;

namespace PyNetSharp.Benchmarks;

/// <summary>A table for README and docs.</summary>
internal sealed class MarkdownTable
{
    private readonly StringBuilder text = new();

    /// <param name="words">The number of columns of words, at the left; the others are numbers, aligned right.</param>
    /// <param name="columns">The headings.</param>
    public MarkdownTable(int words, params IReadOnlyList<string> columns)
    {
        Add(columns);
        text.Append('|').Append(string.Concat(columns.Select((_, i) => i < words ? "---|" : "---:|"))).Append('\n');
    }

    public void Add(params IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    public override string ToString() => text.ToString();
}
