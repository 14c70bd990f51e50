using System.Text.RegularExpressions;

namespace PyNetSharp.Tests;

/// <summary>
/// How many registers of a kernel's PTX are live at once: the maximum over all instructions.
/// </summary>
/// <remarks>
/// The kernel's arguments do not count: instructions read them from constant memory. The assembler needs fewer
/// registers where it recomputes a value, and more for addresses; but the two numbers are correlated.
/// </remarks>
internal static partial class PtxLiveness
{
    public static int MaxLiveRegisters(string ptx)
    {
        var lines = Instructions(ptx, out var labels);
        var (uses, writes) = (new HashSet<string>[lines.Count], new HashSet<string>[lines.Count]);
        var next = new int[lines.Count][];
        for (var i = 0; i < lines.Count; i++) (uses[i], writes[i], next[i]) = Read(lines[i], i, lines.Count, labels);

        var live = Enumerable.Range(0, lines.Count).Select(_ => new HashSet<string>()).ToArray();
        for (var changed = true; changed;)
        {
            changed = false;
            for (var i = lines.Count - 1; i >= 0; i--)
            {
                var before = live[i].Count;         // sets only grow
                foreach (var later in next[i]) live[i].UnionWith(live[later].Except(writes[i]));
                live[i].UnionWith(uses[i]);
                changed |= live[i].Count != before;
            }
        }

        HashSet<string> arguments =
        [
            .. lines.Index().Where(line => line.Item.StartsWith("ld.param", StringComparison.Ordinal))
                .SelectMany(line => writes[line.Index]),
        ];
        return live.Max(registers => registers.Except(arguments).Sum(Size));
    }

    private static List<string> Instructions(string ptx, out Dictionary<string, int> labels)
    {
        var (lines, found) = (new List<string>(), new Dictionary<string, int>());
        foreach (var line in ptx.Split('\n').Select(line => line.Trim()))
            if (line.EndsWith(':')) found.Add(line[..^1], lines.Count);
            else if (line.Length > 1 && line[0] != '.' && !line.StartsWith("//", StringComparison.Ordinal))
                lines.Add(line);
        labels = found;
        return lines;
    }

    private static (HashSet<string> Uses, HashSet<string> Writes, int[] Next) Read(
        string line, int index, int count, Dictionary<string, int> labels)
    {
        var parts = Instruction().Match(line);
        var (condition, name) = (parts.Groups["if"].Value, parts.Groups["name"].Value);
        var operands = parts.Groups["operands"].Value;
        HashSet<string> uses = [.. Registers(condition)];
        int[] following = index + 1 < count ? [index + 1] : [];
        if (name.StartsWith("bra", StringComparison.Ordinal))
        {
            var label = labels[operands.Trim(' ', '\t', ';')];
            return (uses, [], condition == "" ? [label] : [label, .. following]);
        }

        if (name.StartsWith("ret", StringComparison.Ordinal)) return (uses, [], condition == "" ? [] : following);

        var isStore = name == "{" || name.StartsWith("st.", StringComparison.Ordinal)
            || name.StartsWith("bar", StringComparison.Ordinal);
        var target = isStore ? "" : Target().Match(operands).Value;
        HashSet<string> writes = [.. Registers(target)];
        uses.UnionWith(Registers(operands[target.Length..]));
        if (condition != "") uses.UnionWith(writes);        // if the condition is false, the old value stays
        return (uses, writes, following);
    }

    private static IEnumerable<string> Registers(string text) => Register().Matches(text).Select(match => match.Value);

    /// <summary>In words of 32 bits; predicates have registers of their own.</summary>
    private static int Size(string register) =>
        register.StartsWith("%p", StringComparison.Ordinal) ? 0
        : register.StartsWith("%rd", StringComparison.Ordinal) ? 2
        : register.StartsWith("%fd", StringComparison.Ordinal) ? 2
        : 1;

    [GeneratedRegex(@"^(?<if>@\S+\s+)?(?<name>\S+)(?<operands>.*)$")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^\s*(\{[^}]*\}|[^,;]*)")]
    private static partial Regex Target();

    [GeneratedRegex(@"%[a-z]+\d+")]
    private static partial Regex Register();
}
