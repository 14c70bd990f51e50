namespace PyNetSharp;

/// <summary>What a module holds directly: its own parameters and buffers, and its children.</summary>
internal sealed class ModuleState
{
    private readonly List<(string Name, Tensor Tensor)> ownTensors = [];
    private readonly List<(string Name, Module Module)> children = [];
    private readonly List<(ModuleMember Member, object Value)> opaqueObjects = [];

    private ModuleState(Module module)
    {
        children.AddRange(module.NamedChildren());
        var members = ModuleMember.Of(module.GetType());
        MemberContents[] computed =
            [.. members.Where(member => member.IsComputed).Select(member => MemberContents.Of(member, module))];
        MemberContents[] stored = [.. StoredMembers(module)];       // after the getters, which may have created some

        MemberContents[] publicMembers = [.. stored.Where(contents => contents.Member.IsPublic)];
        MemberContents[] privateMembers = [.. stored.Where(contents => !contents.Member.IsPublic)];

        // A computed property, and a private field behind it, may return what has a name already: only the first
        // counts.
        var named = new HashSet<object>(ReferenceEqualityComparer.Instance) { module };
        named.UnionWith(children.Select(child => child.Module));
        Add(publicMembers, named);
        if (computed.Any(contents => contents.State.Count > 0))
            named.UnionWith(
                StateBelow(module, [.. children.Select(child => child.Module), .. ModulesOf(privateMembers)]));
        Add([.. computed.Where(contents => contents.Member.IsPublic)], named);
        Add(privateMembers, named);
        Add([.. computed.Where(contents => !contents.Member.IsPublic)], named);
    }

    /// <summary>The module's own parameters and buffers.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> OwnTensors => ownTensors;

    /// <summary>The direct children.</summary>
    public IReadOnlyList<(string Name, Module Module)> Children => children;

    public static ModuleState Of(Module module) => new(module);

    /// <summary>The parameters and buffers of a module and of its descendants; its own first.</summary>
    /// <exception cref="InvalidOperationException">
    /// Two have the same path, or an object that is not a module holds state that has no path.
    /// </exception>
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
                    throw new InvalidOperationException(
                        $"{root.GetType().Name}: two parameters or buffers have the path '{full}'; rename a member.");
                found.Add(tensor);
                all.Add((full, tensor));
            }
        }

        foreach (var (member, value) in others)
            foreach (var (state, holder) in UntrackedState.Find(value))
                if (!found.Contains(state))
                    throw UntrackedError(member, state, holder);
        return all;
    }

    /// <summary>A module, with an empty path, and its descendants, each before its children.</summary>
    public static IEnumerable<(string Path, Module Module)> Descendants(Module root) =>
        Visit("", root, []).Select(visited => (visited.Path, visited.Module));

    /// <param name="path">The module's path.</param>
    /// <param name="module">The module.</param>
    /// <param name="ancestors">The modules around it: a child may refer to its parent.</param>
    private static IEnumerable<(string Path, Module Module, ModuleState State)> Visit(
        string path, Module module, Stack<Module> ancestors)
    {
        var state = Of(module);
        yield return (path, module, state);
        ancestors.Push(module);
        foreach (var (name, child) in state.children)
            if (!ancestors.Contains(child))
                foreach (var descendant in Visit(path.Length == 0 ? name : $"{path}.{name}", child, ancestors))
                    yield return descendant;
        ancestors.Pop();
    }

    private static InvalidOperationException UntrackedError(ModuleMember member, object state, object holder) => new(
        $"{member.Label} holds a {state.GetType().Name} in {UntrackedState.Describe(holder)}: it would be neither " +
        "trained nor saved nor moved. Hold it in a field or property of a module, or in an array, list, dictionary " +
        "or tuple there; [NotState] on the member excludes it on purpose.");

    private static IEnumerable<MemberContents> StoredMembers(Module module) =>
        ModuleMember.Of(module.GetType())
            .Where(member => !member.IsComputed)
            .Select(member => MemberContents.Of(member, module));

    /// <summary>What the descendants of <paramref name="root"/> hold, without what it holds itself.</summary>
    private static HashSet<object> StateBelow(Module root, IEnumerable<Module> modules)
    {
        var (held, seen, open) = (
            new HashSet<object>(ReferenceEqualityComparer.Instance),
            new HashSet<Module>(ReferenceEqualityComparer.Instance) { root }, new Queue<Module>(modules));
        while (open.TryDequeue(out var module))
        {
            if (!seen.Add(module)) continue;
            object[] parts =
            [
                .. module.NamedChildren().Select(child => child.Module),
                .. StoredMembers(module).SelectMany(contents => contents.State).Select(state => state.Value),
            ];
            held.UnionWith(parts);
            foreach (var child in parts.OfType<Module>()) open.Enqueue(child);
        }

        return held;
    }

    private static IEnumerable<Module> ModulesOf(IEnumerable<MemberContents> members) =>
        members.SelectMany(contents => contents.State.Select(state => state.Value)).OfType<Module>();

    /// <summary>Adds what is not in <paramref name="named"/> yet, and then adds it there.</summary>
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
