using System.Numerics;

namespace PyNetSharp.Tests;

/// <summary>Conversions: cvt.{rounding}.to.from.</summary>
internal static class PtxConversion
{
    public static Action<PtxThread>? Of(PtxStatement s) => s.Opcode.Split('.') switch
    {
        ["cvt", "rna", "tf32", "f32"] => s.Unary<float, uint>(ToTf32),
        ["cvt", "rn", "f32", "f64"] => s.Unary<double, float>(a => (float)a),
        ["cvt", "f64", "f32"] => s.Unary<float, double>(a => a),
        ["cvt", "rn", var to, var from] when to[0] == 'f' && from[0] != 'f' => From(s, to, from),
        ["cvt", "rzi", var to, var from] when to[0] != 'f' && from[0] == 'f' => From(s, to, from),
        ["cvt", var to, var from] when to[0] != 'f' && from[0] != 'f' => From(s, to, from),
        _ => null,
    };

    /// <summary>To the nearest number with 10 bits of fraction, ties away from zero, in the upper 19 bits.</summary>
    private static uint ToTf32(float x) =>
        float.IsNaN(x) ? 0x7FFFFFFF : (BitConverter.SingleToUInt32Bits(x) + 0x1000) & ~0x1FFFu;

    private static Action<PtxThread>? From(PtxStatement s, string to, string from) => from switch
    {
        "u8" => To<byte>(s, to),
        "s32" => To<int>(s, to),
        "u32" => To<uint>(s, to),
        "s64" => To<long>(s, to),
        "u64" => To<ulong>(s, to),
        "f32" => To<float>(s, to),
        "f64" => To<double>(s, to),
        _ => null,
    };

    /// <summary>From floating point to integers saturates; from integers to smaller ones truncates.</summary>
    private static Action<PtxThread>? To<T>(PtxStatement s, string to) where T : unmanaged, INumber<T> => to switch
    {
        "u8" => s.Unary<T, byte>(byte.CreateTruncating),
        "s32" => s.Unary<T, int>(int.CreateTruncating),
        "u32" => s.Unary<T, uint>(uint.CreateTruncating),
        "s64" => s.Unary<T, long>(long.CreateTruncating),
        "u64" => s.Unary<T, ulong>(ulong.CreateTruncating),
        "f32" => s.Unary<T, float>(float.CreateTruncating),
        "f64" => s.Unary<T, double>(double.CreateTruncating),
        _ => null,
    };
}
