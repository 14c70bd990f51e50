using System.Reflection;
using System.Reflection.Emit;

namespace PyNetSharp.Tests;

/// <summary>Reads the IL of the libraries' methods.</summary>
internal static class MethodCode
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance
        | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>All methods and constructors of a library.</summary>
    public static IEnumerable<MethodBase> AllMethods(Assembly library) => library.GetTypes().SelectMany(type =>
        type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)));

    /// <summary>The methods that a method calls, in the order of its code.</summary>
    public static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var i = 0; i < code.Length;)
        {
            var at = code[i] == 0xFE ? Codes[(short)(0xFE00 | code[i + 1])] : Codes[code[i]];
            i += at.Size;
            if (at.OperandType == OperandType.InlineMethod) yield return Resolve(method, BitConverter.ToInt32(code, i));
            i += at.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, i),
                _ => 4,
            };
        }
    }

    private static MethodBase Resolve(MethodBase method, int token) => method.Module.ResolveMethod(
        token,
        method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null,
        method.IsGenericMethod ? method.GetGenericArguments() : null)!;
}
