using System.Diagnostics.CodeAnalysis;

namespace PyNetSharp;

/// <summary>A layer or a network: a function with parameters.</summary>
/// <remarks>
/// <para>
/// A class overrides <c>Forward</c>, which is protected; callers, other modules among them, use the extension method of
/// the same name, <c>conv.Forward(x)</c>, which also calls forward hooks. <see cref="Module{T1, T2}"/> takes two
/// inputs.
/// </para>
/// <para>
/// The state of a module is what its fields and properties hold, private ones included: every <see cref="Parameter"/>,
/// <see cref="ModuleBuffer"/> and module, also in arrays, lists, dictionaries and tuples. Nothing is registered. State
/// that cannot be found in this way throws an exception that names it: state in an object that is not a module, in a
/// lambda expression, in a Lazy, or of a property that creates new modules on every access. Static members belong to no
/// module. <see cref="NotStateAttribute"/> excludes a member.
/// </para>
/// <para>
/// Paths are PyTorch's: a property <c>Features</c> that holds a <c>Sequential</c> yields <c>features.0.weight</c>, a
/// field <c>_conv1</c> yields <c>conv1.weight</c>, a list <c>Blocks</c> yields <c>blocks.0</c> and so on, a dictionary
/// its keys.
/// </para>
/// </remarks>
[DynamicallyAccessedMembers(ModuleMember.Reflected)]      // also in trimmed programs, for every class of modules
public abstract partial class Module
{
    private bool training = true;
    private List<Parameter>? frozen;        // those whose RequiresGrad Freeze has set to false; null if not frozen

    /// <summary>
    /// Whether the module is in training mode: dropout drops, batch norm uses the statistics of the batch. False while
    /// it is frozen.
    /// </summary>
    public bool Training => training && !IsFrozen;

    /// <summary>Whether the module is frozen.</summary>
    public bool IsFrozen => frozen is not null;

    /// <summary>
    /// Until <see cref="Unfreeze"/>, the parameters of this module and its descendants get no gradients, and they stay
    /// in evaluation mode: <c>Train</c> of a module around them, a trainer or an evaluation does not change
    /// that.
    /// </summary>
    public void Freeze()
    {
        foreach (var (_, module) in Descendants().ToArray())
        {
            if (module.IsFrozen) continue;
            var parameters = ModuleState.Of(module).OwnTensors.Select(own => own.Tensor).OfType<Parameter>();
            module.frozen = [.. parameters.Where(parameter => parameter.RequiresGrad).Distinct()];
            foreach (var parameter in module.frozen) (parameter.RequiresGrad, parameter.Grad) = (false, null);
        }
    }

    /// <summary>Undoes <see cref="Freeze"/> for this module and its descendants.</summary>
    public void Unfreeze()
    {
        foreach (var (_, module) in Descendants())
        {
            foreach (var parameter in module.frozen ?? []) parameter.RequiresGrad = true;
            module.frozen = null;
        }
    }

    /// <summary>
    /// Sets this module and its descendants to evaluation mode; disposing the result restores the mode of each.
    /// </summary>
    /// <example><code>using (model.Evaluating()) y = model.Forward(x);</code></example>
    public EvaluationScope Evaluating() => new(this);

    /// <summary>All parameters and buffers with their paths, in a fixed order.</summary>
    /// <exception cref="InvalidOperationException">
    /// Two have the same path, or a member holds state that cannot be found; the message names it.
    /// </exception>
    public IReadOnlyList<(string Name, Tensor Tensor)> State() => ModuleState.Walk(this);

    /// <summary>The parameters, each once, in the order of <see cref="State"/>.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="State"/>.</exception>
    public IReadOnlyList<Parameter> Parameters() => [.. State().Select(s => s.Tensor).OfType<Parameter>().Distinct()];

    /// <summary>The direct children, with their names.</summary>
    public IEnumerable<(string Name, Module Module)> Children() => ModuleState.Of(this).Children;

    /// <summary>This module (with an empty path) and its descendants, each before its children.</summary>
    public IEnumerable<(string Path, Module Module)> Descendants() => ModuleState.Descendants(this);

    /// <summary>
    /// Children that the module names itself, as <c>Sequential</c> does; children that its other members hold follow.
    /// </summary>
    protected internal virtual IEnumerable<(string Name, Module Module)> NamedChildren() => [];

    /// <summary>The text in parentheses after the module's name when it is printed, as PyTorch's extra_repr.</summary>
    protected virtual string Describe() => "";

    /// <summary>
    /// As PyTorch prints it: <c>Conv2d(1, 20, kernel_size=(3, 3), stride=(1, 1))</c>, children on lines of their own.
    /// </summary>
    public override string ToString() => Print([]);

    /// <summary>Moves all parameters and buffers, and empties the caches of the devices that they leave.</summary>
    internal void Move(Device device)
    {
        HashSet<Device> previous = [];
        foreach (var (_, tensor) in State())
        {
            if (tensor.Device != device) previous.Add(tensor.Device);
            tensor.Move(device);
        }

        foreach (var other in previous) other.EmptyCache();
    }

    internal void SetTraining(bool training)
    {
        foreach (var (_, module) in Descendants()) module.training = training;
    }

    /// <summary>The class without the number of its type parameters: <c>ModuleList</c>.</summary>
    private string TypeName => GetType().Name.Split('`')[0];

    private string Print(Stack<Module> ancestors)
    {
        ancestors.Push(this);
        var children = string.Concat(Children()
            .Where(c => !ancestors.Contains(c.Module))      // a child may refer to its parent
            .Select(c => $"  ({c.Name}): {c.Module.Print(ancestors).ReplaceLineEndings("\n  ")}\n"));
        ancestors.Pop();
        var description = Describe();
        if (children.Length > 0 && description.Length > 0) description = $"\n  {description}";
        return children.Length == 0 ? $"{TypeName}({description})" : $"{TypeName}({description}\n{children})";
    }

    /// <summary>Restores the modules' modes when disposed; see <see cref="Evaluating"/>.</summary>
    public readonly struct EvaluationScope : IDisposable
    {
        private readonly (Module Module, bool Training)[] modes;

        internal EvaluationScope(Module root)
        {
            modes = [.. root.Descendants().Select(d => (d.Module, d.Module.training))];
            root.SetTraining(false);
        }

        /// <summary>Restores the mode of each module.</summary>
        public void Dispose()
        {
            foreach (var (module, training) in modes ?? []) module.training = training;
        }
    }
}

/// <summary>Excludes a field or property from a module's state: it is not trained, saved, moved or switched.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NotStateAttribute : Attribute;
