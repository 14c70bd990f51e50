namespace PyNetSharp;

/// <summary>What a module holds directly: its own parameters and buffers, and the modules below it.</summary>
internal sealed class ModuleState
{
    private readonly List<(string Name, Tensor Tensor)> ownTensors = [];
    private readonly List<(string Name, Module Module)> children = [];
    private readonly List<(ModuleMember Member, object Value)> opaqueObjects = [];

    private ModuleState(Module module)
    {
        children.AddRange(module.NamedChildren());
        var members = ModuleMember.Of(module.GetType());
        MemberContents[] computed = [.. members.Where(member => member.IsComputed).Select(member => MemberContents.Of(member, module))];
        MemberContents[] stored = [.. StoredMembers(module)];          // after the getters, which may have made some of it
        MemberContents[] shown = [.. stored.Where(contents => contents.Member.IsPublic)];
        MemberContents[] hidden = [.. stored.Where(contents => !contents.Member.IsPublic)];

        // A computed property, and a private field behind it, may show what has a name already: the first name is the only one.
        var named = new HashSet<object>(children.Select(child => child.Module), ReferenceEqualityComparer.Instance) { module };
        Add(shown, named);
        if (computed.Any(contents => contents.State.Count > 0))
            named.UnionWith(StateBelow(module, [.. children.Select(child => child.Module), .. ModulesOf(hidden)]));
        Add([.. computed.Where(contents => contents.Member.IsPublic)], named);
        Add(hidden, named);
        Add([.. computed.Where(contents => !contents.Member.IsPublic)], named);
    }

    /// <summary>The module's own parameters and buffers.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> OwnTensors => ownTensors;

    /// <summary>The modules directly below.</summary>
    public IReadOnlyList<(string Name, Module Module)> Children => children;

    public static ModuleState Of(Module module) => new(module);

    /// <summary>The parameters and buffers of a module and of all below it; its own first.</summary>
    /// <exception cref="InvalidOperationException">Two have one path, or an object hides a module or parameter that has none.</exception>
    public static IReadOnlyList<(string Name, Tensor Tensor)> Walk(Module root)
    {
        var (all, paths) = (new List<(string, Tensor)>(), new HashSet<string>());
        var found = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var others = new List<(ModuleMember Member, object Value)>();
        foreach (var (path, module, state) in Visit("", root, []))
        {
            found.Add(module);
            others.AddRange(state.opaqueObjects);
            foreach (var (name, tensor) in state.ownTensors)
            {
                var full = path.Length == 0 ? name : $"{path}.{name}";
                if (!paths.Add(full))
                    throw new InvalidOperationException($"{root.GetType().Name}: two parameters or buffers have the path '{full}'; rename a member.");
                found.Add(tensor);
                all.Add((full, tensor));
            }
        }

        foreach (var (member, value) in others)
            if (UntrackedState.Find(value).FirstOrDefault(hidden => !found.Contains(hidden.State)) is { State: { } state, Holder: var holder })
                throw new InvalidOperationException(
                    $"{member.Label} holds a {state.GetType().Name} in {UntrackedState.Describe(holder)}: it would be neither trained nor " +
                    "saved nor moved. Hold it in a field or property of a module, or in an array, list, dictionary or tuple there; " +
                    "[NotState] on the member leaves it out on purpose.");
        return all;
    }

    /// <summary>A module, with an empty path, and all below it, each before its children.</summary>
    public static IEnumerable<(string Path, Module Module)> Descendants(Module root) =>
        Visit("", root, []).Select(visited => (visited.Path, visited.Module));

    /// <param name="above">The modules on the way to this one: a child may refer to its parent, which is not below it.</param>
    private static IEnumerable<(string Path, Module Module, ModuleState State)> Visit(string path, Module module, Stack<Module> above)
    {
        var state = Of(module);
        yield return (path, module, state);
        above.Push(module);
        foreach (var (name, child) in state.children)
            if (!above.Contains(child))
                foreach (var below in Visit(path.Length == 0 ? name : $"{path}.{name}", child, above))
                    yield return below;
        above.Pop();
    }

    private static IEnumerable<MemberContents> StoredMembers(Module module) =>
        ModuleMember.Of(module.GetType()).Where(member => !member.IsComputed).Select(member => MemberContents.Of(member, module));

    /// <summary>Everything that the modules below <paramref name="root"/> hold: not what it holds itself.</summary>
    private static HashSet<object> StateBelow(Module root, IEnumerable<Module> modules)
    {
        var (held, seen, open) = (
            new HashSet<object>(ReferenceEqualityComparer.Instance),
            new HashSet<Module>(ReferenceEqualityComparer.Instance) { root }, new Queue<Module>(modules));
        while (open.TryDequeue(out var module))
        {
            if (!seen.Add(module)) continue;
            object[] parts = [.. module.NamedChildren().Select(child => child.Module), .. StoredMembers(module).SelectMany(c => c.State).Select(s => s.Value)];
            held.UnionWith(parts);
            foreach (var child in parts.OfType<Module>()) open.Enqueue(child);
        }

        return held;
    }

    private static IEnumerable<Module> ModulesOf(IEnumerable<MemberContents> members) =>
        members.SelectMany(contents => contents.State.Select(state => state.Value)).OfType<Module>();

    /// <summary>Adds what has no name in <paramref name="named"/> yet, and then puts it there.</summary>
    private void Add(MemberContents[] members, HashSet<object> named)
    {
        foreach (var contents in members)
        {
            foreach (var (name, value) in contents.State)
            {
                if (named.Contains(value)) continue;
                if (value is Module child && !children.Contains((name, child))) children.Add((name, child));
                if (value is Tensor tensor && !ownTensors.Contains((name, tensor))) ownTensors.Add((name, tensor));
            }

            opaqueObjects.AddRange(contents.Others.Select(value => (contents.Member, value)));
        }

        named.UnionWith(members.SelectMany(contents => contents.State.Select(state => state.Value)));
    }
}
