using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace PyNetSharp.Kernels;

/// <summary>Whether a formula has parameters.</summary>
/// <remarks>
/// An empty structure as the argument of a GPU kernel has another size for ILGPU than for .NET. So kernels take
/// <see cref="StatelessUnary{TFormula}"/> and its like instead, which have a field.
/// </remarks>
internal static class FormulaParameters<TFormula> where TFormula : struct
{
    private const string Unused = "A field that was trimmed is not used by the formula.";

    /// <summary>Whether neither the formula nor what it consists of has a number.</summary>
    public static readonly bool AreNone = HasNoNumber(typeof(TFormula));

    private static readonly string? Unsuitable = FindUnsuitable(typeof(TFormula));

    /// <summary>
    /// On every device, so that a formula that works on the CPU works on a GPU: a kernel's arguments are numbers.
    /// </summary>
    /// <exception cref="ArgumentException">A field is neither a number nor a structure of numbers.</exception>
    public static void Check()
    {
        if (Unsuitable is not null)
            throw new ArgumentException(
                $"The formula {typeof(TFormula).Name} has the field {Unsuitable}. The fields of a formula are its " +
                "parameters: float, int, and structures of these (1 and 0 instead of bool).");
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = Unused)]
    private static string? FindUnsuitable(Type type)
    {
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            var kind = field.FieldType;
            if (kind == typeof(bool) || kind == typeof(char) || !kind.IsValueType)
                return $"{field.Name.Split('<', '>').First(part => part.Length > 0)} of type {kind.Name}";
            if (!kind.IsPrimitive && !kind.IsEnum && FindUnsuitable(kind) is { } inner) return inner;
        }

        return null;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = Unused)]
    private static bool HasNoNumber(Type type) => !type.IsPrimitive && !type.IsEnum
        && type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .All(field => HasNoNumber(field.FieldType));
}

/// <summary>A formula without parameters, as the argument of a kernel.</summary>
internal readonly struct StatelessUnary<TFormula>(int unused) : IUnaryFormula where TFormula : struct, IUnaryFormula
{
    private readonly int unused = unused;

    public static bool UsesOutput => TFormula.UsesOutput;

    public T F<T>(T x) where T : struct, IReal<T> => default(TFormula).F(x);

    public T D<T>(T x) where T : struct, IReal<T> => default(TFormula).D(x);
}

/// <inheritdoc cref="StatelessUnary{TFormula}"/>
internal readonly struct StatelessBinary<TFormula>(int unused) : IBinaryFormula where TFormula : struct, IBinaryFormula
{
    private readonly int unused = unused;

    public T F<T>(T a, T b) where T : struct, IReal<T> => default(TFormula).F(a, b);

    public T DA<T>(T a, T b) where T : struct, IReal<T> => default(TFormula).DA(a, b);

    public T DB<T>(T a, T b) where T : struct, IReal<T> => default(TFormula).DB(a, b);
}

/// <inheritdoc cref="StatelessUnary{TFormula}"/>
internal readonly struct StatelessTernary<TFormula>(int unused) : ITernaryFormula
    where TFormula : struct, ITernaryFormula
{
    private readonly int unused = unused;

    public T F<T>(T d, T a, T b) where T : struct, IReal<T> => default(TFormula).F(d, a, b);
}
