using System.Globalization;
using System.Text.RegularExpressions;

namespace PyNetSharp.Tests;

/// <summary>An instruction as it is written: opcode and operands.</summary>
internal readonly partial record struct PtxStatement(string Opcode, string[] Operands, PtxSymbols Symbols)
{
    /// <summary>The opcode without its last part, the type.</summary>
    public string Name => Opcode.LastIndexOf('.') is >= 0 and var dot ? Opcode[..dot] : Opcode;

    public string Type => Opcode[(Opcode.LastIndexOf('.') + 1)..];

    public int Register(int operand) => Symbols.Register(Operands[operand]);

    /// <summary>The registers of {a, b, …}, or a single one.</summary>
    public int[] Registers(int operand) =>
        [.. Operands[operand].Trim('{', '}').Split(',', StringSplitOptions.TrimEntries).Select(Symbols.Register)];

    /// <summary>[register + bytes]</summary>
    public (int Register, int Bytes) Address(int operand)
    {
        var (name, bytes) = NamedAddress(operand);
        return (Symbols.Register(name), bytes);
    }

    /// <summary>[name + bytes]</summary>
    public (string Name, int Bytes) NamedAddress(int operand)
    {
        var match = InBrackets().Match(Operands[operand]);
        if (!match.Success) throw new PtxException($"{Operands[operand]} is not an address");
        var bytes = match.Groups[2];
        return (match.Groups[1].Value, bytes.Success ? int.Parse(bytes.Value, CultureInfo.InvariantCulture) : 0);
    }

    public Action<PtxThread> Unary<T, TResult>(Func<T, TResult> f) where T : unmanaged where TResult : unmanaged
    {
        var (d, a) = (Register(0), Register(1));
        return thread => thread.Set(d, f(thread.Get<T>(a)));
    }

    public Action<PtxThread> Binary<T, TResult>(Func<T, T, TResult> f) where T : unmanaged where TResult : unmanaged
    {
        var (d, a, b) = (Register(0), Register(1), Register(2));
        return thread => thread.Set(d, f(thread.Get<T>(a), thread.Get<T>(b)));
    }

    public Action<PtxThread> Ternary<T, TThird>(Func<T, T, TThird, T> f) where T : unmanaged where TThird : unmanaged
    {
        var (d, a, b, c) = (Register(0), Register(1), Register(2), Register(3));
        return thread => thread.Set(d, f(thread.Get<T>(a), thread.Get<T>(b), thread.Get<TThird>(c)));
    }

    [GeneratedRegex(@"^\[\s*([\w%.$]+)\s*(?:\+\s*(-?\d+)\s*)?\]$")]
    private static partial Regex InBrackets();
}
