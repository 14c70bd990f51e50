using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace PyNetSharp;

/// <summary>What a module's member holds: state with its names, through collections and tuples, and other objects.</summary>
internal sealed class MemberContents
{
    private const int MaxDepth = 16;      // collections within collections; a list may hold itself

    private MemberContents(ModuleMember member) => Member = member;

    public ModuleMember Member { get; }

    /// <summary>The parameters, buffers and modules: <c>layers.0</c> for the first of a list <c>Layers</c>.</summary>
    public List<(string Name, object Value)> State { get; } = [];

    /// <summary>Objects that are neither state nor a collection, and may have state inside.</summary>
    public List<object> Others { get; } = [];

    /// <exception cref="InvalidOperationException">The member makes its modules anew at each look.</exception>
    public static MemberContents Of(ModuleMember member, Module module)
    {
        var contents = Look();
        if (member.IsComputed && !contents.IsSameAs(Look())) throw contents.RecreatedError("property");
        return contents;

        MemberContents Look()
        {
            var seen = new MemberContents(member);
            seen.Collect(member.Name, member.Get(module), depth: 0);
            return seen;
        }
    }

    private void Collect(string name, object? value, int depth)
    {
        if (value is Parameter or ModuleBuffer or Module)
        {
            State.Add((name, value));
            return;
        }

        if (value is null or Tensor || !StateTypes.CanHoldState(value.GetType()) || IsDefaultArray(value)) return;
        if (value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>))
        {
            var (key, item) = (type.GetProperty("Key")!.GetValue(value), type.GetProperty("Value")!.GetValue(value));
            Collect($"{name}.{Convert.ToString(key, CultureInfo.InvariantCulture)}", item, depth);
            return;
        }

        if (depth > MaxDepth)
            throw new InvalidOperationException($"{Member.Label} holds collections within collections, more than {MaxDepth} deep.");
        switch (value)
        {
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    Collect($"{name}.{Convert.ToString(entry.Key, CultureInfo.InvariantCulture)}", entry.Value, depth + 1);
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
                break;                                      // a query, which makes its items when it is asked: data, not state
            case var holder when StateTypes.IsWrapperOfState(holder.GetType()):
                throw new InvalidOperationException(
                    $"{Member.Label} is a {holder.GetType().Name.Split('`')[0]} of modules or parameters, in which they are not found; hold " +
                    "them in a field or property themselves, or mark the member with [NotState].");
            default:
                Others.Add(value);
                break;
        }

        if (value is IEnumerable && !StateTypes.IsFramework(value.GetType())) Others.Add(value);    // a collection with fields of its own
    }

    private void CollectItems(string name, IEnumerable items, int depth)
    {
        var contents = Look();
        if (!IsMaterialized(items) && !contents.IsSameAs(Look())) throw contents.RecreatedError("sequence");
        State.AddRange(contents.State);
        Others.AddRange(contents.Others);

        MemberContents Look()
        {
            var (seen, i) = (new MemberContents(Member), 0);
            foreach (var item in items) seen.Collect($"{name}.{i++}", item, depth + 1);
            return seen;
        }
    }

    /// <summary>Whether the items exist before they are asked for; a query makes them.</summary>
    private static bool IsMaterialized(IEnumerable items) =>
        items is ICollection || items.GetType().GetInterfaces().Any(
            i => i.IsGenericType && i.GetGenericTypeDefinition() is var kind
                && (kind == typeof(ICollection<>) || kind == typeof(IReadOnlyCollection<>)));

    private bool IsSameAs(MemberContents other) =>
        State.Count == other.State.Count && State.Zip(other.State).All(pair => ReferenceEquals(pair.First.Value, pair.Second.Value));

    /// <summary>An <c>ImmutableArray</c> that nothing was assigned to cannot be enumerated.</summary>
    private static bool IsDefaultArray(object value) =>
        value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>)
        && (bool)type.GetProperty("IsDefault")!.GetValue(value)!;

    private InvalidOperationException RecreatedError(string kind) => new(
        $"{Member.Label} is a {kind} that makes a new {State.FirstOrDefault().Value?.GetType().Name ?? "layer"} at each look, so that " +
        "nothing holds what training changes. Make it once: in a field, an array or a property { get; } = …");
}
