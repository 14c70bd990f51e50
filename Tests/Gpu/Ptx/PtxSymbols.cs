using System.Globalization;
using System.Text.RegularExpressions;

namespace PyNetSharp.Tests;

/// <summary>
/// The names of a program. All operands are registers: constants and addresses are registers that are never written.
/// </summary>
internal sealed partial class PtxSymbols
{
    /// <summary>The special registers, which are the first ones.</summary>
    public static readonly string[] Special =
    [
        "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z",
        "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z",
    ];

    /// <summary>
    /// Arrays begin at multiples of 2 to this power, so far apart that no index leads from one into the next.
    /// </summary>
    public const int ArrayBits = 20;

    private readonly Stack<Dictionary<string, int>> scopes = [];
    private readonly List<ulong> registers = [];        // their initial values

    public PtxSymbols()
    {
        Open();
        foreach (var name in Special) Declare(name, 0);
    }

    public Dictionary<string, int> Labels { get; } = [];

    /// <summary>Names and lengths in bytes.</summary>
    public List<(string Name, int Length)> Parameters { get; } = [];

    public List<(string Name, int Length)> Shared { get; } = [];

    public List<(string Name, int Length)> Local { get; } = [];

    /// <summary>The initial values of a thread's registers.</summary>
    public ulong[] Registers => [.. registers];

    public void Open() => scopes.Push([]);

    public void Close() => scopes.Pop();

    /// <returns>Whether it is a declaration.</returns>
    public bool Declare(string statement)
    {
        if (RegisterDeclaration().Match(statement) is { Success: true } match)
        {
            foreach (var name in match.Groups["names"].Value.Split(',', StringSplitOptions.TrimEntries))
                if (Range().Match(name) is { Success: true } range)
                    for (var i = 0; i < Number(range.Groups[2].Value); i++) Declare($"{range.Groups[1].Value}{i}", 0);
                else Declare(name, 0);
        }
        else if (ArrayDeclaration().Match(statement) is { Success: true } array)
        {
            var arrays = array.Groups["space"].Value == "shared" ? Shared : Local;
            arrays.Add((array.Groups["name"].Value, Number(array.Groups["length"].Value)));
            Declare(arrays[^1].Name, (ulong)arrays.Count << ArrayBits);
        }
        else return false;
        return true;
    }

    /// <summary>The register of this name, or one that holds this constant or address.</summary>
    public int Register(string operand)
    {
        foreach (var scope in scopes)
            if (scope.TryGetValue(operand, out var register))
                return register;
        return Constant(operand) is { } value ? Add(value) : throw new PtxException($"{operand} is not declared");
    }

    private static ulong? Constant(string operand) =>
        operand.StartsWith("0f", StringComparison.Ordinal) || operand.StartsWith("0d", StringComparison.Ordinal)
            ? ulong.Parse(operand.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : operand.StartsWith("0x", StringComparison.Ordinal)
            ? ulong.Parse(operand.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : long.TryParse(operand, CultureInfo.InvariantCulture, out var number) ? (ulong)number
        : null;

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    private void Declare(string name, ulong value)
    {
        if (!scopes.Peek().TryAdd(name, Add(value))) throw new PtxException($"{name} is declared twice");
    }

    private int Add(ulong value)
    {
        registers.Add(value);
        return registers.Count - 1;
    }

    [GeneratedRegex(@"^\.reg\s+\.\w+\s+(?<names>.+)$")]
    private static partial Regex RegisterDeclaration();

    [GeneratedRegex(@"^\.(?<space>shared|local)\s+(\.align\s+\d+\s+)?\.b8\s+(?<name>\w+)\[(?<length>\d+)\]$")]
    private static partial Regex ArrayDeclaration();

    [GeneratedRegex(@"^(.+)<(\d+)>$")]
    private static partial Regex Range();
}
