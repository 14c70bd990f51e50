using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace PyNetSharp;

/// <summary>Which types of fields and properties may hold state.</summary>
internal static class StateTypes
{
    private static readonly ConcurrentDictionary<Type, bool> Cache = new();

    /// <summary>Whether it is a type of state itself, or one of .NET's collections of such.</summary>
    public static bool IsState(Type type) =>
        type.IsAssignableTo(typeof(Module)) || type.IsAssignableTo(typeof(Parameter))
        || type.IsAssignableTo(typeof(ModuleBuffer))
        || (type.IsArray && IsState(type.GetElementType()!))
        || (type.IsGenericType && IsFramework(type) && type.GetGenericArguments().Any(IsState));

    /// <summary>
    /// Whether something of this type can hold a module, a parameter or a buffer, itself or further inside.
    /// </summary>
    public static bool CanHoldState(Type type) => Cache.GetOrAdd(type, static type =>
    {
        if (type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsByRefLike || type == typeof(string))
            return false;
        if (IsState(type) || type.IsAssignableFrom(typeof(Module)) || type.IsAssignableFrom(typeof(Parameter)))
            return true;
        if (type.IsArray) return CanHoldState(type.GetElementType()!);
        if (type.IsInterface && !type.IsGenericType) return true;           // a module may implement it
        if (type.Assembly == typeof(Module).Assembly) return false;         // shapes, devices, Rng, optimizers
        if (!IsFramework(type) || type.IsAssignableTo(typeof(Delegate))) return true;
        return type.IsGenericType
            ? type.GetGenericArguments().Any(CanHoldState)
            : type.IsAssignableTo(typeof(IEnumerable));
    });

    /// <summary>
    /// Whether a sequence of this type yields modules, parameters or buffers, or pairs and tuples of such.
    /// </summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "IEnumerable<> is kept: it is named here.")]
    public static bool IsSequenceOfState(Type type) => type.GetInterfaces().Any(i =>
        i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>)
        && IsState(i.GetGenericArguments()[0]));

    /// <summary>
    /// Whether it is one of .NET's types around a value, such as Lazy, Task or Memory, and the value is state.
    /// </summary>
    [UnconditionalSuppressMessage(
        "Trimming", "IL2070", Justification = "Without the interfaces, an error asks for what was not necessary.")]
    public static bool IsWrapperOfState(Type type) =>
        type.IsGenericType && IsFramework(type) && type.GetGenericArguments().Any(IsState)
        && !type.IsAssignableTo(typeof(Delegate))
        && !type.GetInterfaces().Any(i => i.Name.StartsWith("IComparer", StringComparison.Ordinal)
            || i.Name.StartsWith("IEqualityComparer", StringComparison.Ordinal));

    /// <summary>Whether the type comes with .NET.</summary>
    public static bool IsFramework(Type type) =>
        type.Namespace is { } space && (space == "System" || space.StartsWith("System.", StringComparison.Ordinal));
}
