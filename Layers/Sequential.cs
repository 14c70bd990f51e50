namespace PyNetSharp.Layers;

/// <summary>A chain of layers: the output of each is the input of the next.</summary>
/// <remarks>
/// <para>
/// A <see cref="ReLU"/> directly after a <see cref="Conv2d"/> or <see cref="Linear"/> runs with it as one op, unless
/// one of the two has a forward hook.
/// </para>
/// <para>
/// The output of a child is released when the next child has run; while a graph is recorded, its storage stays until
/// the last op that saved it. A module of your own that reads its input or its output later calls
/// <see cref="Tensor.Keep"/> on it. The input and the output of the whole chain are not released.
/// </para>
/// </remarks>
/// <example><code>
/// var net = new Sequential(("conv1", new Conv2d(1, 20, 3, rng)), ("relu1", new ReLU()));
/// net["conv1"] == net[0]
/// </code></example>
public class Sequential : Module
{
    private readonly List<(string Name, Module Module)> children = [];

    /// <summary>No layers: the output is the input.</summary>
    public Sequential()
    {
    }

    /// <summary>Layers named by their positions: 0, 1, ….</summary>
    public Sequential(params IEnumerable<Module> layers) : this(layers.Select((layer, i) => ($"{i}", layer)))
    {
    }

    /// <summary>Named layers.</summary>
    /// <exception cref="ArgumentException">A name is empty, contains a dot or occurs twice.</exception>
    public Sequential(params IEnumerable<(string Name, Module Module)> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        foreach (var (name, module) in layers)
        {
            if (string.IsNullOrEmpty(name) || name.Contains('.', StringComparison.Ordinal))
                throw new ArgumentException(
                    $"Sequential: '{name}' cannot name a layer; names have no dots.", nameof(layers));
            if (children.Exists(child => child.Name == name))
                throw new ArgumentException($"Sequential: two layers are named '{name}'.", nameof(layers));
            ArgumentNullException.ThrowIfNull(module, nameof(layers));
            children.Add((name, module));
        }
    }

    /// <summary>The number of layers.</summary>
    public int Count => children.Count;

    /// <summary>Layer number <paramref name="position"/>, from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    public Module this[int position] => position >= 0 && position < Count
        ? children[position].Module
        : throw new ArgumentOutOfRangeException(
            nameof(position), FormattableString.Invariant($"{position}"), $"Sequential: it has {Count} layers.");

    /// <summary>The layer of this name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Module this[string name] => children.Find(child => child.Name == name).Module
        ?? throw new KeyNotFoundException(
            $"Sequential: no layer is named '{name}'; " +
            $"there are {string.Join(", ", children.Select(child => child.Name))}.");

    /// <inheritdoc/>
    protected override IEnumerable<(string Name, Module Module)> NamedChildren() => children;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">
    /// A layer's input does not fit; the message begins with the layer's path.
    /// </exception>
    protected override Tensor Forward(Tensor x)
    {
        var y = x;
        for (var i = 0; i < Count; i++)
        {
            var (name, module) = children[i];
            var fused = i + 1 < Count && CanFuse(module, children[i + 1].Module);
            var next = fused ? ForwardFused(name, module, y) : module.Forward(y);
            if (fused) i++;
            if (y != x && y != next) y.Release();
            y = next;
        }

        return y;
    }

    /// <summary>Whether both run as one op: not if a hook is to see what lies between them, or their result.</summary>
    private static bool CanFuse(Module module, Module next) =>
        next is ReLU && (module is Conv2d or Linear) && !module.HasForwardHooks && !next.HasForwardHooks;

    /// <summary>A layer and the ReLU after it in one op.</summary>
    private static Tensor ForwardFused(string name, Module module, Tensor x)
    {
        try
        {
            return module is Conv2d conv ? conv.Forward(x, relu: true) : ((Linear)module).Forward(x, relu: true);
        }
        catch (ShapeException error)
        {
            throw error.PrependPath(name);
        }
    }
}
