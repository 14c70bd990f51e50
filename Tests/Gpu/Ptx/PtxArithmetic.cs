using System.Numerics;
using System.Runtime.CompilerServices;

namespace PyNetSharp.Tests;

/// <summary>Instructions that read and write registers of one type.</summary>
internal static class PtxArithmetic
{
    public static Action<PtxThread>? Of(PtxStatement s) => s.Type switch
    {
        "s32" => Integer<int, long>(s),
        "u32" => Integer<uint, ulong>(s),
        "s64" => Integer<long, Int128>(s),
        "u64" => Integer<ulong, UInt128>(s),
        "f32" => Real<float>(s),
        "f64" => Real<double>(s),
        "b32" => Bits<uint>(s),
        "b64" => Bits<ulong>(s),
        "pred" => s.Name == "not" ? s.Unary<bool, bool>(a => !a) : Bits<byte>(s),
        _ => null,
    };

    private static Action<PtxThread>? Integer<T, TWide>(PtxStatement s)
        where T : unmanaged, IBinaryInteger<T>
        where TWide : unmanaged, IBinaryInteger<TWide> => s.Name switch
    {
        "add" => s.Binary<T, T>((a, b) => a + b),
        "sub" => s.Binary<T, T>((a, b) => a - b),
        "mul.lo" => s.Binary<T, T>((a, b) => a * b),
        "mul.wide" => s.Binary<T, TWide>((a, b) => TWide.CreateTruncating(a) * TWide.CreateTruncating(b)),
        "mad.lo" => s.Ternary<T, T>((a, b, c) => a * b + c),
        "div" => s.Binary<T, T>((a, b) => a / b),
        "rem" => s.Binary<T, T>((a, b) => a % b),
        "min" => s.Binary<T, T>(T.Min),
        "max" => s.Binary<T, T>(T.Max),
        "neg" => s.Unary<T, T>(a => -a),
        "abs" => s.Unary<T, T>(T.Abs),
        "shr" => ShiftRight<T>(s),
        "setp.lo" => s.Binary<T, bool>((a, b) => a < b),
        "setp.ls" => s.Binary<T, bool>((a, b) => a <= b),
        "setp.hi" => s.Binary<T, bool>((a, b) => a > b),
        "setp.hs" => s.Binary<T, bool>((a, b) => a >= b),
        _ => Comparison<T>(s) ?? Move<T>(s),
    };

    /// <summary>
    /// Each instruction rounds; the assembler may fuse a multiplication and an addition, which then round once.
    /// </summary>
    private static Action<PtxThread>? Real<T>(PtxStatement s)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => s.Name switch
    {
        "add" => s.Binary<T, T>((a, b) => a + b),
        "sub" => s.Binary<T, T>((a, b) => a - b),
        "mul" => s.Binary<T, T>((a, b) => a * b),
        "div.rn" => s.Binary<T, T>((a, b) => a / b),
        "fma.rn" => s.Ternary<T, T>(T.FusedMultiplyAdd),
        "rcp.rn" => s.Unary<T, T>(a => T.One / a),
        "sqrt.rn" => s.Unary<T, T>(T.Sqrt),
        "neg" => s.Unary<T, T>(a => -a),
        "abs" => s.Unary<T, T>(T.Abs),
        "min" => s.Binary<T, T>(T.MinNumber),
        "max" => s.Binary<T, T>(T.MaxNumber),
        "testp.notanumber" => s.Unary<T, bool>(T.IsNaN),
        "testp.infinite" => s.Unary<T, bool>(T.IsInfinity),
        "testp.finite" => s.Unary<T, bool>(T.IsFinite),
        "setp.equ" => s.Binary<T, bool>((a, b) => !(a < b || a > b)),
        "setp.neu" => s.Binary<T, bool>((a, b) => a != b),
        "setp.ltu" => s.Binary<T, bool>((a, b) => !(a >= b)),
        "setp.leu" => s.Binary<T, bool>((a, b) => !(a > b)),
        "setp.gtu" => s.Binary<T, bool>((a, b) => !(a <= b)),
        "setp.geu" => s.Binary<T, bool>((a, b) => !(a < b)),
        _ => Comparison<T>(s) ?? Move<T>(s),
    };

    private static Action<PtxThread>? Bits<T>(PtxStatement s) where T : unmanaged, IBinaryInteger<T> => s.Name switch
    {
        "and" => s.Binary<T, T>((a, b) => a & b),
        "or" => s.Binary<T, T>((a, b) => a | b),
        "xor" => s.Binary<T, T>((a, b) => a ^ b),
        "not" => s.Unary<T, T>(a => ~a),
        "shl" => ShiftLeft<T>(s),
        _ => Comparison<T>(s) ?? Move<T>(s),
    };

    /// <summary>All are false if an operand is NaN.</summary>
    private static Action<PtxThread>? Comparison<T>(PtxStatement s)
        where T : unmanaged, IComparisonOperators<T, T, bool> => s.Name switch
    {
        "setp.eq" => s.Binary<T, bool>((a, b) => a == b),
        "setp.ne" => s.Binary<T, bool>((a, b) => a < b || a > b),
        "setp.lt" => s.Binary<T, bool>((a, b) => a < b),
        "setp.le" => s.Binary<T, bool>((a, b) => a <= b),
        "setp.gt" => s.Binary<T, bool>((a, b) => a > b),
        "setp.ge" => s.Binary<T, bool>((a, b) => a >= b),
        _ => null,
    };

    private static Action<PtxThread>? Move<T>(PtxStatement s) where T : unmanaged => s.Name switch
    {
        "mov" => s.Unary<T, T>(a => a),
        "selp" => s.Ternary<T, bool>((a, b, first) => first ? a : b),
        _ => null,
    };

    /// <summary>Shifts by the width or more yield 0, or the sign.</summary>
    private static Action<PtxThread> ShiftLeft<T>(PtxStatement s) where T : unmanaged, IBinaryInteger<T>
    {
        var (d, a, b) = (s.Register(0), s.Register(1), s.Register(2));
        return thread => thread.Set(
            d, thread.Get<uint>(b) < 8 * Unsafe.SizeOf<T>() ? thread.Get<T>(a) << thread.Get<int>(b) : T.Zero);
    }

    private static Action<PtxThread> ShiftRight<T>(PtxStatement s) where T : unmanaged, IBinaryInteger<T>
    {
        var (d, a, b, maxShift) = (s.Register(0), s.Register(1), s.Register(2), 8 * Unsafe.SizeOf<T>() - 1);
        return thread =>
        {
            var value = thread.Get<T>(a);
            thread.Set(d, thread.Get<uint>(b) <= maxShift ? value >> thread.Get<int>(b) : value >> maxShift >> 1);
        };
    }
}
