using System.Collections;

namespace PyNetSharp.Layers;

/// <summary>A list of modules of one type, which the module that holds it calls as it likes.</summary>
/// <typeparam name="T">The modules' type, for blocks that take several inputs or have members of their own.</typeparam>
/// <remarks>
/// The paths are PyTorch's: <c>blocks.0</c>, <c>blocks.1</c> and so on. An array or a list in a field is state all the
/// same; this one also prints as PyTorch's does. What is added after <c>Parameters()</c> has been called is not in its
/// result: an optimizer made before does not train it.
/// </remarks>
/// <example><code>
/// private readonly ModuleList blocks = [.. Enumerable.Range(0, 8).Select(_ => new Linear(64, 64, rng))];
/// </code></example>
public class ModuleList<T> : Module, IReadOnlyList<T> where T : Module
{
    private readonly List<T> modules = [];

    /// <summary>An empty list.</summary>
    public ModuleList()
    {
    }

    /// <summary>A list of these modules.</summary>
    public ModuleList(params IEnumerable<T> modules)
    {
        ArgumentNullException.ThrowIfNull(modules);
        foreach (var module in modules) Add(module);
    }

    /// <summary>The number of modules.</summary>
    public int Count => modules.Count;

    /// <summary>Module number <paramref name="index"/>, from 0; <c>blocks[^1]</c> is the last.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    public T this[int index] => index >= 0 && index < Count
        ? modules[index]
        : throw new ArgumentOutOfRangeException(
            nameof(index), index, FormattableString.Invariant($"ModuleList: it has {Count} modules."));

    /// <summary>Appends a module: PyTorch's <c>append</c>.</summary>
    public void Add(T module)
    {
        ArgumentNullException.ThrowIfNull(module);
        modules.Add(module);
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, Module Module)> NamedChildren() =>
        modules.Select((module, i) => (FormattableString.Invariant($"{i}"), (Module)module));
}

/// <summary>A list of modules of any type.</summary>
public sealed class ModuleList : ModuleList<Module>
{
    /// <summary>An empty list.</summary>
    public ModuleList()
    {
    }

    /// <summary>A list of these modules.</summary>
    public ModuleList(params IEnumerable<Module> modules) : base(modules)
    {
    }
}
