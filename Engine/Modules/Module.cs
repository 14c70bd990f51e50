using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;

namespace PyNetSharp;

/// <summary>A layer or a network: a function with parameters.</summary>
/// <remarks>
/// The state of a module <em>is</em> its public properties: every <see cref="Parameter"/>, <see cref="Buffer"/>, module or
/// list of modules among them counts, so nothing is registered and nothing is forgotten. Paths are PyTorch's:
/// a property <c>Features</c> that holds a <c>Sequential</c> yields <c>features.0.weight</c>.
/// </remarks>
public abstract class Module
{
    private static readonly ConcurrentDictionary<Type, (string Name, PropertyInfo Property)[]> Properties = new();

    /// <summary>Whether the module behaves as in training: dropout drops, batch norm uses the batch's statistics.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>Computes the module's function.</summary>
    public abstract Tensor Forward(Tensor x);

    /// <summary>Switches this module and all within it to training.</summary>
    public void Train() => SetTraining(true);

    /// <summary>Switches this module and all within it to evaluation.</summary>
    public void Eval() => SetTraining(false);

    /// <summary>All parameters and buffers with their paths, in a fixed order.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> State() => [.. Walk(this, "")];

    /// <summary>The parameters, each once, in the order of <see cref="State"/>.</summary>
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

        foreach (var other in left) other.TrimMemory();
        return this;
    }

    /// <summary>The modules directly within this one, with their names.</summary>
    public virtual IEnumerable<(string Name, Module Module)> Children() =>
        Members().SelectMany(member => member.Value switch
        {
            Module child => [(member.Name, child)],
            IEnumerable<Module> list => list.Select((child, i) => ($"{member.Name}.{i}", child)),
            _ => Enumerable.Empty<(string, Module)>(),
        });

    /// <summary>What stands in the parentheses after the module's name when it is printed; PyTorch's words.</summary>
    protected virtual string Describe() => "";

    /// <summary>As PyTorch prints it: <c>Conv2d(1, 20, kernel_size=(3, 3), stride=(1, 1))</c>, children on lines of their own.</summary>
    public override string ToString()
    {
        var children = string.Concat(Children().Select(c => $"  ({c.Name}): {c.Module.ToString().ReplaceLineEndings("\n  ")}\n"));
        return children.Length == 0 ? $"{GetType().Name}({Describe()})" : $"{GetType().Name}({Describe()}\n{children})";
    }

    private void SetTraining(bool training)
    {
        Training = training;
        foreach (var (_, child) in Children()) child.SetTraining(training);
    }

    private IEnumerable<(string Name, object? Value)> Members() =>
        Properties.GetOrAdd(GetType(), Find).Select(p => (p.Name, p.Property.GetValue(this)));

    private static IEnumerable<(string, Tensor)> Walk(Module module, string path) =>
        module.Members()
            .Where(member => member.Value is Parameter or Buffer)
            .Select(member => (path + member.Name, (Tensor)member.Value!))
            .Concat(module.Children().SelectMany(child => Walk(child.Module, $"{path}{child.Name}.")));

    /// <summary>The public properties that may hold state, a base class's before its subclass's.</summary>
    private static (string, PropertyInfo)[] Find(Type type) =>
    [
        .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0
                && (p.PropertyType.IsAssignableTo(typeof(Tensor)) || p.PropertyType.IsAssignableTo(typeof(Module))
                    || p.PropertyType.IsAssignableTo(typeof(IEnumerable<Module>))))
            .OrderBy(p => p.MetadataToken)
            .Select(p => (JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name), p)),
    ];
}
