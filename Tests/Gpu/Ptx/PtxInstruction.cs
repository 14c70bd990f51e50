using System.Text.RegularExpressions;

namespace PyNetSharp.Tests;

/// <summary>Whom a thread waits for before an instruction.</summary>
internal enum PtxSynchronization
{
    None,
    Warp,
    Barrier,
    End,
}

/// <summary>An instruction that can be carried out.</summary>
/// <param name="Guard">The predicate under which it is; negative for none.</param>
/// <param name="Execute">What a thread does; null if it stops before.</param>
/// <param name="ExecuteWarp">What the threads of a warp do together.</param>
internal sealed partial record PtxInstruction(
    string Text, int Guard, bool GuardValue, PtxSynchronization Synchronization, Action<PtxThread>? Execute, Action<PtxThread[]>? ExecuteWarp)
{
    public static readonly PtxInstruction End = new("the end", -1, true, PtxSynchronization.End, null, null);

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
            var stop = statement.Opcode == "bar.sync" ? PtxSynchronization.Barrier : together is null ? PtxSynchronization.None : PtxSynchronization.Warp;
            if (guard.Success && stop != PtxSynchronization.None) throw new PtxException("what threads do together is under a condition");
            return new(
                text, guard.Success ? symbols.Register(guard.Value) : -1, !match.Groups["not"].Success, stop,
                stop == PtxSynchronization.None ? PerThread(statement) : null, together);
        }
        catch (Exception e) when (e is PtxException or IndexOutOfRangeException)
        {
            throw new PtxException($"{text}: {e.Message}");
        }
    }

    private static Action<PtxThread> PerThread(PtxStatement statement) =>
        Jump(statement) ?? PtxArithmetic.Of(statement) ?? PtxConversion.Of(statement)
            ?? PtxMemoryAccess.Of(statement) ?? PtxAsyncCopies.Of(statement)
            ?? throw new PtxException($"unknown instruction {statement.Opcode}");

    private static Action<PtxThread>? Jump(PtxStatement statement)
    {
        switch (statement.Opcode)
        {
            case "bra" or "bra.uni":
                if (!statement.Symbols.Labels.TryGetValue(statement.Operands[0], out var to)) throw new PtxException("unknown label");
                return thread => thread.ProgramCounter = to;
            case "ret" or "exit":
                return thread => thread.ProgramCounter = thread.Cta.EndIndex;
            default:
                return null;
        }
    }

    [GeneratedRegex(@"^(@(?<not>!)?(?<guard>[\w%]+)\s+)?(?<opcode>[\w.:]+)(\s+(?<operands>.*))?$", RegexOptions.Singleline)]
    private static partial Regex Syntax();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|[^,\s]+")]
    private static partial Regex Operand();
}
