using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>The parameters, buffers, modules and other objects that a member of a module holds.</summary>
internal sealed class MemberContents
{
    private const int MaxDepth = 16;      // of nested collections; a list may contain itself

    private MemberContents(ModuleMember member) => Member = member;

    public ModuleMember Member { get; }

    /// <summary>The parameters, buffers and modules: <c>layers.0</c> for the first of a list <c>Layers</c>.</summary>
    public List<(string Name, object Value)> State { get; } = [];

    /// <summary>Other objects, whose fields may hold state.</summary>
    public List<object> Others { get; } = [];

    /// <exception cref="InvalidOperationException">The member creates new modules on every access.</exception>
    public static MemberContents Of(ModuleMember member, Module module)
    {
        var contents = Read();
        if (member.IsComputed && !contents.IsSameAs(Read())) throw contents.RecreatedError("property");
        return contents;

        MemberContents Read()
        {
            var seen = new MemberContents(member);
            seen.Collect(member.Name, member.Get(module), depth: 0);
            return seen;
        }
    }

    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(KeyValuePair<,>))]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "The pair's properties are named above.")]
    private void Collect(string name, object? value, int depth)
    {
        if (value is Parameter or ModuleBuffer or Module)
        {
            State.Add((name, value));
            return;
        }

        if (value is null or Tensor || !StateTypes.CanHoldState(value.GetType()) || IsDefaultArray(value)) return;
        var type = value.GetType();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>))
        {
            var key = type.GetProperty("Key")!.GetValue(value);
            Collect(PathOfKey(name, key), type.GetProperty("Value")!.GetValue(value), depth);
            return;
        }

        if (depth > MaxDepth)
            throw new InvalidOperationException(
                $"{Member.Label} holds collections within collections, more than {MaxDepth} deep.");
        switch (value)
        {
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    Collect(PathOfKey(name, entry.Key), entry.Value, depth + 1);
                    if (StateTypes.CanHoldState(entry.Key.GetType())) Others.Add(entry.Key);
                }

                break;
            case ITuple tuple:
                for (var i = 0; i < tuple.Length; i++) Collect($"{name}.{i}", tuple[i], depth + 1);
                break;
            case IEnumerable items when IsMaterialized(items) || StateTypes.IsSequenceOfState(items.GetType()):
                CollectItems(name, items, depth);
                break;
            case IEnumerable:
                break;      // a query, which creates its items during enumeration: data, not state
            case var _ when StateTypes.IsWrapperOfState(type):
                throw new InvalidOperationException(
                    $"{Member.Label} is a {type.Name.Split('`')[0]} of modules or parameters, in which they are not " +
                    "found; hold them in a field or property themselves, or mark the member with [NotState].");
            default:
                Others.Add(value);
                break;
        }

        if (value is IEnumerable && !StateTypes.IsFramework(type)) Others.Add(value);    // its class may have fields
    }

    private static string PathOfKey(string name, object? key) =>
        $"{name}.{Convert.ToString(key, CultureInfo.InvariantCulture)}";

    private void CollectItems(string name, IEnumerable items, int depth)
    {
        var contents = Read();
        if (!IsMaterialized(items) && !contents.IsSameAs(Read())) throw contents.RecreatedError("sequence");
        State.AddRange(contents.State);
        Others.AddRange(contents.Others);

        MemberContents Read()
        {
            var (seen, i) = (new MemberContents(Member), 0);
            foreach (var item in items) seen.Collect($"{name}.{i++}", item, depth + 1);
            return seen;
        }
    }

    /// <summary>Whether the items exist before the enumeration; a query creates them during it.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Both are kept: they are named here.")]
    private static bool IsMaterialized(IEnumerable items) =>
        items is ICollection || items.GetType().GetInterfaces().Any(
            i => i.IsGenericType && i.GetGenericTypeDefinition() is var kind
                && (kind == typeof(ICollection<>) || kind == typeof(IReadOnlyCollection<>)));

    private bool IsSameAs(MemberContents other) =>
        State.Count == other.State.Count
        && State.Zip(other.State).All(pair => ReferenceEquals(pair.First.Value, pair.Second.Value));

    /// <summary>An <c>ImmutableArray</c> that nothing was assigned to cannot be enumerated.</summary>
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(ImmutableArray<>))]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "The property is named above.")]
    private static bool IsDefaultArray(object value) =>
        value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>)
        && (bool)type.GetProperty("IsDefault")!.GetValue(value)!;

    private InvalidOperationException RecreatedError(string kind) => new(
        $"{Member.Label} is a {kind} that creates a new {State.FirstOrDefault().Value?.GetType().Name ?? "layer"} " +
        "on every access, so that nothing holds what training changes. Create it once: in a field, an array or a " +
        "property { get; } = …");
}
