using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>Finds modules, parameters and buffers in the fields of objects that are not modules.</summary>
internal static class UntrackedState
{
    private const int MaxObjects = 10_000;     // larger structures are data
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    /// <summary>The state that can be reached from an object, each with the object that holds it.</summary>
    public static IEnumerable<(object State, object Holder)> Find(object start)
    {
        if (start is Module or Parameter or ModuleBuffer) yield return (start, start);
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance) { start };
        var open = new Queue<object>([start]);
        while (open.TryDequeue(out var holder) && seen.Count < MaxObjects)
            foreach (var part in Parts(holder))
            {
                if (part is Module or Parameter or ModuleBuffer) yield return (part, holder);
                else if (part is not null && StateTypes.CanHoldState(part.GetType()) && seen.Add(part))
                    open.Enqueue(part);
            }
    }

    /// <summary>The holder in an error message.</summary>
    public static string Describe(object holder) =>
        holder is Module or Tensor ? "the keys of a dictionary"
        : holder is Delegate || holder.GetType().IsDefined(typeof(CompilerGeneratedAttribute), false)
            ? "a delegate or lambda expression"
        : $"a {holder.GetType().Name}, which is no Module";

    private static IEnumerable<object?> Parts(object holder) => holder switch
    {
        Delegate function => function.GetInvocationList().Select(part => part.Target),
        IDictionary dictionary when StateTypes.IsFramework(holder.GetType()) =>
            dictionary.Keys.Cast<object?>().Concat(dictionary.Values.Cast<object?>()),
        ITuple tuple => Enumerable.Range(0, tuple.Length).Select(i => tuple[i]),
        ICollection items when StateTypes.IsFramework(holder.GetType()) => items.Cast<object?>(),
        ICollection items => items.Cast<object?>().Concat(Fields(holder)),
        _ when !StateTypes.IsFramework(holder.GetType()) || IsLazy(holder.GetType()) => Fields(holder),
        _ => [],
    };

    [UnconditionalSuppressMessage(
        "Trimming", "IL2075", Justification = "A trimmed program checks the fields that are left: the check is for " +
            "the developer, who has run the program untrimmed.")]
    private static IEnumerable<object?> Fields(object holder)
    {
        for (var type = holder.GetType(); type is not null && type != typeof(object); type = type.BaseType)
            foreach (var field in type.GetFields(Declared))
                if (StateTypes.CanHoldState(field.FieldType))
                    yield return field.GetValue(holder);
    }

    private static bool IsLazy(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Lazy<>);
}
