using System.Globalization;
using System.Text.RegularExpressions;

namespace PyNetSharp.Tests;

/// <summary>A kernel's PTX, parsed.</summary>
/// <remarks>
/// <see href="https://docs.nvidia.com/cuda/parallel-thread-execution/"/>. It supports the part of the language that
/// ILGPU and the inline assembly use; anything else is a <see cref="PtxException"/>.
/// </remarks>
internal sealed partial class PtxProgram
{
    private readonly PtxSymbols symbols = new();

    public PtxProgram(string ptx)
    {
        ptx = Comment().Replace(ptx, "");
        if (ptx.Contains(".func", StringComparison.Ordinal)) throw new PtxException("a function that is not inlined");
        var start = ptx.IndexOf('{', StringComparison.Ordinal);
        foreach (Match parameter in Parameter().Matches(ptx[..start]))
        {
            var bits = Number(parameter.Groups["bits"]);
            symbols.Parameters.Add((parameter.Groups["name"].Value,
                bits / 8 * (parameter.Groups["length"].Success ? Number(parameter.Groups["length"]) : 1)));
        }

        Match[] parts = [.. Part().Matches(ptx[(start + 1)..ptx.LastIndexOf('}')]).AsEnumerable()];
        FindLabels(parts);
        Code = [.. Read(parts), PtxInstruction.End];
        Registers = symbols.Registers;
    }

    /// <summary>The last one is <see cref="PtxInstruction.End"/>.</summary>
    public PtxInstruction[] Code { get; }

    /// <summary>The initial values of a thread's registers.</summary>
    public ulong[] Registers { get; }

    public IReadOnlyList<(string Name, int Length)> Parameters => symbols.Parameters;

    public IReadOnlyList<(string Name, int Length)> Shared => symbols.Shared;

    public IReadOnlyList<(string Name, int Length)> Local => symbols.Local;

    private static bool IsInstruction(Match part) =>
        part.Groups["statement"] is { Success: true, Value: [not '.', ..] };

    private static int Number(Group digits) => int.Parse(digits.Value, CultureInfo.InvariantCulture);

    private void FindLabels(Match[] parts)
    {
        var next = 0;
        foreach (var part in parts)
            if (part.Groups["label"].Success) symbols.Labels.Add(part.Groups["label"].Value, next);
            else if (IsInstruction(part)) next++;
    }

    private IEnumerable<PtxInstruction> Read(Match[] parts)
    {
        foreach (var part in parts)
            if (part.Groups["open"].Success) symbols.Open();
            else if (part.Groups["close"].Success) symbols.Close();
            else if (IsInstruction(part)) yield return PtxInstruction.Of(part.Groups["statement"].Value, symbols);
            else if (part.Groups["statement"] is { Success: true, Value: var declaration }
                && !symbols.Declare(declaration))
                throw new PtxException($"unknown declaration {declaration}");
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\.param\s+(\.align\s+\d+\s+)?\.[bsuf](?<bits>\d+)\s+(?<name>\w+)(\[(?<length>\d+)\])?")]
    private static partial Regex Parameter();

    /// <summary>
    /// A brace that opens or closes a scope of names, a label, or a statement; braces within one hold vectors.
    /// </summary>
    [GeneratedRegex(@"\G\s*((?<open>\{)|(?<close>\})|(?<label>[\w$]+):(?!:)|(?<statement>[^;{}]([^;])*?)\s*;)")]
    private static partial Regex Part();
}
