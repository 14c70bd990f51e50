namespace PyNetSharp;

/// <summary>A layer or a network: a function with parameters.</summary>
/// <remarks>
/// <para>
/// The state of a module is what its fields and properties hold, private ones included: every <see cref="Parameter"/>,
/// <see cref="ModuleBuffer"/> and module, also in arrays, lists, dictionaries and tuples. Nothing is registered, so nothing is
/// forgotten; a layer that is held in a way that cannot be walked (in an object that is no module, in a lambda expression or a Lazy,
/// by a property that makes a new one at each look) is refused by name. Static members belong to no module.
/// <see cref="NotStateAttribute"/> leaves a member out.
/// </para>
/// <para>
/// Paths are PyTorch's: a property <c>Features</c> that holds a <c>Sequential</c> yields <c>features.0.weight</c>, a field
/// <c>_conv1</c> yields <c>conv1.weight</c>, a list <c>Blocks</c> yields <c>blocks.0</c> and so on, a dictionary its keys.
/// </para>
/// </remarks>
public abstract class Module
{
    private bool training = true;
    private List<Parameter>? frozen;        // what Freeze has kept from getting gradients; null while not frozen

    /// <summary>
    /// Whether the module behaves as in training: dropout drops, batch norm uses the batch's statistics. Never while it is frozen.
    /// </summary>
    public bool Training => training && !IsFrozen;

    /// <summary>Whether <see cref="Freeze"/> holds.</summary>
    public bool IsFrozen => frozen is not null;

    /// <summary>Computes the module's function.</summary>
    public abstract Tensor Forward(Tensor x);

    /// <summary>Switches this module and all within it to training, except what is frozen.</summary>
    public void Train() => SetTraining(true);

    /// <summary>Switches this module and all within it to evaluation.</summary>
    public void Eval() => SetTraining(false);

    /// <summary>
    /// Keeps this module and all within it as they are until <see cref="Unfreeze"/>: their parameters get no gradients, and they
    /// stay in evaluation mode whatever <see cref="Train"/>, a trainer or an evaluation does to the model around them.
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

    /// <summary>Undoes <see cref="Freeze"/> here and in all modules within: they take part in training again.</summary>
    public void Unfreeze()
    {
        foreach (var (_, module) in Descendants())
        {
            foreach (var parameter in module.frozen ?? []) parameter.RequiresGrad = true;
            module.frozen = null;
        }
    }

    /// <summary>
    /// Switches this module and all within it to evaluation until the result is disposed; then each is in the mode that it was in.
    /// </summary>
    /// <example><code>using (model.Evaluating()) y = model.Forward(x);</code></example>
    public EvaluationScope Evaluating() => new(this);

    /// <summary>All parameters and buffers with their paths, in a fixed order.</summary>
    /// <exception cref="InvalidOperationException">
    /// Two have the same path, or a member holds a layer in a way that cannot be walked; the message names it.
    /// </exception>
    public IReadOnlyList<(string Name, Tensor Tensor)> State() => ModuleState.Walk(this);

    /// <summary>The parameters, each once, in the order of <see cref="State"/>.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="State"/>.</exception>
    public IReadOnlyList<Parameter> Parameters() => [.. State().Select(s => s.Tensor).OfType<Parameter>().Distinct()];

    /// <summary>
    /// Moves all parameters and buffers to <paramref name="device"/>. The tensors stay the same objects; the devices that
    /// they leave give the free memory of their caches back to the system.
    /// </summary>
    /// <returns>This module.</returns>
    public Module To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        HashSet<Device> left = [];
        foreach (var (_, tensor) in State())
        {
            if (tensor.Device != device) left.Add(tensor.Device);
            tensor.Move(device);
        }

        foreach (var other in left) other.EmptyCache();
        return this;
    }

    /// <summary>The modules directly within this one, with their names.</summary>
    public IEnumerable<(string Name, Module Module)> Children() => ModuleState.Of(this).Children;

    /// <summary>This module (with an empty path) and all within it, each before its children.</summary>
    public IEnumerable<(string Path, Module Module)> Descendants() => ModuleState.Descendants(this);

    /// <summary>
    /// Children that the module names itself, as <c>Sequential</c> does; whatever else its members hold comes after them.
    /// </summary>
    protected internal virtual IEnumerable<(string Name, Module Module)> NamedChildren() => [];

    /// <summary>What stands in the parentheses after the module's name when it is printed; PyTorch's words.</summary>
    protected virtual string Describe() => "";

    /// <summary>As PyTorch prints it: <c>Conv2d(1, 20, kernel_size=(3, 3), stride=(1, 1))</c>, children on lines of their own.</summary>
    public override string ToString() => Print([]);

    private string Print(Stack<Module> above)
    {
        above.Push(this);
        var children = string.Concat(Children()
            .Where(c => !above.Contains(c.Module))      // a child may refer to its parent
            .Select(c => $"  ({c.Name}): {c.Module.Print(above).ReplaceLineEndings("\n  ")}\n"));
        above.Pop();
        return children.Length == 0 ? $"{GetType().Name}({Describe()})" : $"{GetType().Name}({Describe()}\n{children})";
    }

    private void SetTraining(bool training)
    {
        foreach (var (_, module) in Descendants()) module.training = training;
    }

    /// <summary>Ends an evaluation when disposed; see <see cref="Evaluating"/>.</summary>
    public readonly struct EvaluationScope : IDisposable
    {
        private readonly (Module Module, bool Training)[] modes;

        internal EvaluationScope(Module root)
        {
            modes = [.. root.Descendants().Select(d => (d.Module, d.Module.training))];
            root.Eval();
        }

        /// <summary>Puts every module back into its own mode.</summary>
        public void Dispose()
        {
            foreach (var (module, training) in modes ?? []) module.training = training;
        }
    }
}

/// <summary>Leaves a field or property of a module out of the module's state: it is not trained, saved, moved or switched.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NotStateAttribute : Attribute;
