using System.Text.RegularExpressions;

namespace PyNetSharp.Tests;

/// <summary>
/// How many registers a kernel's PTX needs at once: what is written and will still be read, at the place where that is
/// most.
/// </summary>
/// <remarks>
/// The kernel's arguments do not count: they are read where they lie. The assembler needs fewer registers where it
/// computes a number anew, and more for addresses that it makes; but the two go together.
/// </remarks>
internal static partial class PtxLiveness
{
    public static int MaxLiveRegisters(string ptx)
    {
        var lines = Instructions(ptx, out var labels);
        var (uses, writes, next) = (new HashSet<string>[lines.Count], new HashSet<string>[lines.Count], new int[lines.Count][]);
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
            else if (line.Length > 1 && line[0] != '.' && !line.StartsWith("//", StringComparison.Ordinal)) lines.Add(line);
        labels = found;
        return lines;
    }

    private static (HashSet<string> Uses, HashSet<string> Writes, int[] Next) Read(
        string line, int at, int count, Dictionary<string, int> labels)
    {
        var parts = Instruction().Match(line);
        var (condition, name, operands) = (parts.Groups["if"].Value, parts.Groups["name"].Value, parts.Groups["operands"].Value);
        HashSet<string> uses = [.. Registers(condition)];
        int[] on = at + 1 < count ? [at + 1] : [];
        if (name.StartsWith("bra", StringComparison.Ordinal))
        {
            var to = labels[operands.Trim(' ', '\t', ';')];
            return (uses, [], condition == "" ? [to] : [to, .. on]);
        }

        if (name.StartsWith("ret", StringComparison.Ordinal)) return (uses, [], condition == "" ? [] : on);

        var isStore = name == "{" || name.StartsWith("st.", StringComparison.Ordinal)
            || name.StartsWith("bar", StringComparison.Ordinal);
        var target = isStore ? "" : Target().Match(operands).Value;
        HashSet<string> writes = [.. Registers(target)];
        uses.UnionWith(Registers(operands[target.Length..]));
        if (condition != "") uses.UnionWith(writes);        // what was there before stays if the condition is false
        return (uses, writes, on);
    }

    private static IEnumerable<string> Registers(string text) => Register().Matches(text).Select(match => match.Value);

    /// <summary>Words of 32 bits; conditions have registers of their own.</summary>
    private static int Size(string register) =>
        register.StartsWith("%p", StringComparison.Ordinal) ? 0
        : register.StartsWith("%rd", StringComparison.Ordinal) || register.StartsWith("%fd", StringComparison.Ordinal) ? 2 : 1;

    [GeneratedRegex(@"^(?<if>@\S+\s+)?(?<name>\S+)(?<operands>.*)$")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^\s*(\{[^}]*\}|[^,;]*)")]
    private static partial Regex Target();

    [GeneratedRegex(@"%[a-z]+\d+")]
    private static partial Regex Register();
}
