using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>An entry of <see cref="NetworkCatalog"/>: a network's name, constructor and default training.</summary>
/// <param name="Name">Its name in the catalog: "nin-d2l".</param>
/// <param name="Summary">Its description in one line.</param>
/// <param name="Input">The item shape of the network as published.</param>
/// <param name="Recipe">Its default training.</param>
/// <param name="Build">
/// Creates the model with PyTorch's default initialization; does not check the input's size.
/// </param>
public sealed record NetworkDefinition(
    string Name, string Summary, Shape Input, Recipe Recipe, Func<NetworkOptions, Rng, Module> Build)
{
    /// <summary>Whether <see cref="NetworkOptions.Dropout"/> has an effect.</summary>
    public bool HasDropout { get; init; } = true;

    /// <summary>
    /// The path of the layers that compute the scores: the only ones whose shapes depend on the number of classes.
    /// "classifier.6" of AlexNet; empty if it is not known.
    /// </summary>
    public string Head { get; init; } = "";

    /// <summary>Creates the model, with PyTorch's default initialization, and checks that it fits the input.</summary>
    /// <param name="options">
    /// The item shape, the number of classes, and deviations from the network as published.
    /// </param>
    /// <param name="rng">Draws the weights and, later, the dropout masks.</param>
    /// <exception cref="InputException">
    /// The network cannot process items of this shape; the message names the layer that fails.
    /// </exception>
    public Module Create(NetworkOptions options, Rng rng)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Fit(options, () =>
        {
            var model = Build(options, rng);
            ModelSummary.Of(model, options.Input);
            return model;
        });
    }

    /// <summary>
    /// Checks that a file has the tensors of this network before any memory of their size is allocated: the options may
    /// come from the file's own metadata.
    /// </summary>
    /// <param name="options">As for <see cref="Create"/>.</param>
    /// <param name="path">A safetensors file.</param>
    /// <param name="prefix">
    /// Only the file's tensors whose names begin with this, without it: <c>"model."</c> for those of a checkpoint.
    /// </param>
    /// <param name="withHead">Whether the layers of the <see cref="Head"/> must fit too.</param>
    /// <exception cref="InputException">
    /// The file cannot be read; it does not fit, and the message names all missing and unexpected keys and size
    /// mismatches; or the network cannot process items of this shape.
    /// </exception>
    public void CheckWeights(NetworkOptions options, string path, string prefix = "", bool withHead = true)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(prefix);
        if (!withHead) CheckHead();
        var shapes = Fit(options, () => StateShapes.Of(() => Build(options, new Rng(0))));
        ModuleSerialization.Check(path, [.. shapes.Where(s => withHead || !IsInHead(s.Name))], Rename);

        string? Rename(string name)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal)) return null;
            name = name[prefix.Length..];
            return withHead || !IsInHead(name) ? name : null;
        }
    }

    /// <summary>
    /// Reads the weights of all layers but the <see cref="Head"/>, for other classes than the file's.
    /// </summary>
    /// <param name="model">A model of this network, with any number of classes.</param>
    /// <param name="path">Weights of this network, with the same width; its head is ignored.</param>
    /// <returns>What was loaded; the head's tensors are those that it lists as missing.</returns>
    /// <exception cref="InputException">
    /// The file cannot be read, or the other layers do not fit; the message names all that differ. Then the model is
    /// unchanged.
    /// </exception>
    /// <exception cref="InvalidOperationException">The <see cref="Head"/> is not known.</exception>
    public LoadReport LoadFeatures(Module model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckHead();
        var state = model.State().ToLookup(s => IsInHead(s.Name));
        using var file = Safetensors.Open(path);
        var report = ModuleSerialization.Load(
            path, file, [.. state[false]], rename: name => IsInHead(name) ? null : name);
        return report with { Missing = [.. state[true].Select(s => s.Name)] };
    }

    /// <summary>
    /// Freezes all layers but the <see cref="Head"/>, so that only it is trained; see <see cref="Module.Freeze"/>.
    /// </summary>
    /// <param name="model">A model of this network.</param>
    /// <exception cref="InvalidOperationException">The <see cref="Head"/> is not known.</exception>
    public void FreezeFeatures(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckHead();
        foreach (var (path, module) in model.Descendants().ToArray())
            if (!IsInHead(path) && !$"{Head}.".StartsWith(path.Length == 0 ? "" : $"{path}.", StringComparison.Ordinal))
                module.Freeze();
    }

    /// <exception cref="InputException">A shape does not fit.</exception>
    private T Fit<T>(NetworkOptions options, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (ShapeException error)
        {
            throw new InputException(
                $"{Name}: made for items of shape {Input}, and cannot take {options.Input}. {error.Message}", error);
        }
    }

    private bool IsInHead(string path) => $"{path}.".StartsWith($"{Head}.", StringComparison.Ordinal);

    private void CheckHead()
    {
        if (Head.Length == 0)
            throw new InvalidOperationException(
                $"{Name}: its {nameof(Head)} is empty; set it to the path of the layers that depend on the classes.");
    }
}
