using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace PyNetSharp;

/// <summary>A field or property of a module class that may hold state.</summary>
/// <param name="Name">Its name in paths: <c>conv1</c> for a field <c>_conv1</c> and a property <c>Conv1</c>.</param>
/// <param name="Label">Class and member, for messages: <c>Net.Conv1</c>.</param>
/// <param name="IsPublic">Whether it is a public property.</param>
/// <param name="IsComputed">Whether it is a property whose getter has code, so that it may hold nothing.</param>
/// <param name="Get">Reads the member of a module.</param>
internal sealed record ModuleMember(
    string Name, string Label, bool IsPublic, bool IsComputed, Func<Module, object?> Get)
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    /// <summary>What reflection needs to find of a class of modules.</summary>
    public const DynamicallyAccessedMemberTypes Reflected =
        DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields
        | DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.NonPublicProperties;

    private static readonly ConcurrentDictionary<Type, ModuleMember[]> Cache = new();

    /// <summary>
    /// All of a class's members that may hold state: a base class's first, public properties before the rest.
    /// </summary>
    public static ModuleMember[] Of([DynamicallyAccessedMembers(Reflected)] Type module) =>
        Cache.GetOrAdd(module, static type =>
        {
            var classes = new Stack<Type>();
            for (; type != typeof(Module); type = type.BaseType!) classes.Push(type);
            return [.. classes.SelectMany(DeclaredBy)];
        });

    [UnconditionalSuppressMessage(
        "Trimming", "IL2070", Justification = "Module, from which the class is derived, keeps its members.")]
    private static IEnumerable<ModuleMember> DeclaredBy(Type type)
    {
        var fields = type.GetFields(Declared).Where(f => !IsExcluded(f)).OrderBy(Position).ToList();
        var properties = type.GetProperties(Declared)
            .Where(p => p.GetMethod is not null && p.GetIndexParameters().Length == 0)
            .OrderBy(Position)
            .ToArray();
        foreach (var property in properties.Where(p => p.GetMethod!.IsPublic))
        {
            var (name, label) = (PathName(property.Name), $"{type.Name}.{property.Name}");
            var backing = fields.Find(f => f.Name == $"<{property.Name}>k__BackingField");
            if (backing is not null) fields.Remove(backing);
            if (IsExcluded(property)) continue;
            if (HasCustomGetter(property))
                // The code of a getter may create the value on the first access
                yield return new(name, label, true, true, m => TryGetValue(property, m));
            else if (backing is not null && StateTypes.CanHoldState(backing.FieldType))
                yield return new(name, label, true, false, backing.GetValue);
        }

        foreach (var field in fields)
        {
            // <Name>k__BackingField of a property, <name>P of a primary constructor's parameter
            var name = field.Name.StartsWith('<')
                ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)]
                : field.Name;
            var property = type.GetProperty(name, Declared);
            if (property is not null && IsExcluded(property)) continue;
            if (StateTypes.CanHoldState(field.FieldType))
                yield return new(PathName(name), $"{type.Name}.{name}", false, false, field.GetValue);
        }

        foreach (var property in properties.Where(p => !p.GetMethod!.IsPublic && HasCustomGetter(p) && !IsExcluded(p)))
        {
            var label = $"{type.Name}.{property.Name}";
            yield return new(PathName(property.Name), label, false, true, m => TryGetValue(property, m));
        }
    }

    /// <summary>The member's place in its class; native code has no tokens, and lists members in this order.</summary>
    private static int Position(MemberInfo member) => member.HasMetadataToken() ? member.MetadataToken : 0;

    private static bool HasCustomGetter(PropertyInfo property) =>
        StateTypes.IsState(property.PropertyType) && !property.GetMethod!.IsDefined(typeof(CompilerGeneratedAttribute));

    private static bool IsExcluded(MemberInfo member) => member.IsDefined(typeof(NotStateAttribute));

    private static string PathName(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name.TrimStart('_'));

    /// <summary>The value of a property; null if its getter throws.</summary>
    private static object? TryGetValue(PropertyInfo property, Module module)
    {
        try
        {
            return property.GetValue(module);
        }
        catch (TargetInvocationException)
        {
            return null;
        }
    }
}
