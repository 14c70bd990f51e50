using System.Text.RegularExpressions;

namespace PyNetSharp.Tests;

/// <summary>Which other threads a thread waits for before an instruction.</summary>
internal enum PtxSynchronization
{
    None,
    Warp,
    Barrier,
    End,
}

/// <summary>An instruction that can be executed.</summary>
/// <param name="Guard">The register of its guard predicate; negative for none.</param>
/// <param name="Execute">Executes it for one thread; null if threads wait for each other.</param>
/// <param name="ExecuteWarp">Executes it for a whole warp.</param>
internal sealed partial record PtxInstruction(
    string Text, int Guard, bool GuardValue, PtxSynchronization Synchronization,
    Action<PtxThread>? Execute, Action<PtxThread[]>? ExecuteWarp)
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
            var executeWarp = PtxTensorCores.Of(statement);
            var synchronization = statement.Opcode == "bar.sync" ? PtxSynchronization.Barrier
                : executeWarp is null ? PtxSynchronization.None : PtxSynchronization.Warp;
            if (guard.Success && synchronization != PtxSynchronization.None)
                throw new PtxException("an instruction that synchronizes threads has a guard");
            return new(
                text, guard.Success ? symbols.Register(guard.Value) : -1, !match.Groups["not"].Success, synchronization,
                synchronization == PtxSynchronization.None ? PerThread(statement) : null, executeWarp);
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
                if (!statement.Symbols.Labels.TryGetValue(statement.Operands[0], out var target))
                    throw new PtxException("unknown label");
                return thread => thread.ProgramCounter = target;
            case "ret" or "exit":
                return thread => thread.ProgramCounter = thread.Cta.EndIndex;
            default:
                return null;
        }
    }

    [GeneratedRegex(
        @"^(@(?<not>!)?(?<guard>[\w%]+)\s+)?(?<opcode>[\w.:]+)(\s+(?<operands>.*))?$", RegexOptions.Singleline)]
    private static partial Regex Syntax();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|[^,\s]+")]
    private static partial Regex Operand();
}
