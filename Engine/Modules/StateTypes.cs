using System.Collections;
using System.Collections.Concurrent;

namespace PyNetSharp;

/// <summary>Which types of fields and properties may hold state.</summary>
internal static class StateTypes
{
    private static readonly ConcurrentDictionary<Type, bool> Answers = new();

    /// <summary>Whether it is a type of state itself, or one of .NET's collections of such.</summary>
    public static bool IsState(Type type) =>
        type.IsAssignableTo(typeof(Module)) || type.IsAssignableTo(typeof(Parameter)) || type.IsAssignableTo(typeof(ModuleBuffer))
        || (type.IsArray && IsState(type.GetElementType()!))
        || (type.IsGenericType && IsFramework(type) && type.GetGenericArguments().Any(IsState));

    /// <summary>Whether something of this type can hold a module, a parameter or a buffer, itself or further inside.</summary>
    public static bool MayHold(Type type) => Answers.GetOrAdd(type, static type =>
    {
        if (type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsByRefLike || type == typeof(string)) return false;
        if (IsState(type) || type.IsAssignableFrom(typeof(Module)) || type.IsAssignableFrom(typeof(Parameter))) return true;
        if (type.IsArray) return MayHold(type.GetElementType()!);
        if (type.Assembly == typeof(Module).Assembly) return false;         // shapes, devices, generators, optimizers
        if (!IsFramework(type) || type.IsAssignableTo(typeof(Delegate))) return true;
        return type.IsGenericType ? type.GetGenericArguments().Any(MayHold) : type.IsAssignableTo(typeof(IEnumerable));
    });

    /// <summary>Whether the type comes with .NET.</summary>
    public static bool IsFramework(Type type) =>
        type.Namespace is { } space && (space == "System" || space.StartsWith("System.", StringComparison.Ordinal));
}
