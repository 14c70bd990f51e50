using System.Text.RegularExpressions;

namespace PyNetSharp.Tests;

/// <summary>Whom a thread waits for before an instruction.</summary>
internal enum PtxStop
{
    None,
    Warp,
    Barrier,
    End,
}

/// <summary>An instruction that can be carried out.</summary>
/// <param name="Guard">The predicate under which it is; negative for none.</param>
/// <param name="Do">What a thread does; null if it stops before.</param>
/// <param name="DoTogether">What the threads of a warp do together.</param>
internal sealed partial record PtxInstruction(
    string Text, int Guard, bool GuardedBy, PtxStop Stop, Action<PtxThread>? Do, Action<PtxThread[]>? DoTogether)
{
    public static readonly PtxInstruction End = new("the end", -1, true, PtxStop.End, null, null);

    public static PtxInstruction Of(string text, PtxSymbols symbols)
    {
        var match = Syntax().Match(text);
        var statement = new PtxStatement(
            match.Groups["opcode"].Value,
            [.. Operand().Matches(match.Groups["operands"].Value).Select(operand => operand.Value)], symbols);
        var guard = match.Groups["guard"];
        try
        {
            var together = PtxTensorCores.Of(statement);
            var stop = statement.Opcode == "bar.sync" ? PtxStop.Barrier : together is null ? PtxStop.None : PtxStop.Warp;
            if (guard.Success && stop != PtxStop.None) throw new PtxFault("what threads do together is under a condition");
            return new(
                text, guard.Success ? symbols.Register(guard.Value) : -1, !match.Groups["not"].Success, stop,
                stop == PtxStop.None ? Alone(statement) : null, together);
        }
        catch (Exception e) when (e is PtxFault or IndexOutOfRangeException)
        {
            throw new PtxFault($"{text}: {e.Message}");
        }
    }

    private static Action<PtxThread> Alone(PtxStatement statement) =>
        Jump(statement) ?? PtxArithmetic.Of(statement) ?? PtxConversion.Of(statement)
            ?? PtxAccess.Of(statement) ?? PtxAsyncCopies.Of(statement)
            ?? throw new PtxFault($"unknown instruction {statement.Opcode}");

    private static Action<PtxThread>? Jump(PtxStatement statement)
    {
        switch (statement.Opcode)
        {
            case "bra" or "bra.uni":
                if (!statement.Symbols.Labels.TryGetValue(statement.Operands[0], out var to)) throw new PtxFault("unknown label");
                return thread => thread.Next = to;
            case "ret" or "exit":
                return thread => thread.Next = thread.Group.End;
            default:
                return null;
        }
    }

    [GeneratedRegex(@"^(@(?<not>!)?(?<guard>[\w%]+)\s+)?(?<opcode>[\w.:]+)(\s+(?<operands>.*))?$", RegexOptions.Singleline)]
    private static partial Regex Syntax();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|[^,\s]+")]
    private static partial Regex Operand();
}
