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
        try
        {
            var model = Build(options, rng);
            ModelSummary.Of(model, options.Input);
            return model;
        }
        catch (ShapeException error)
        {
            throw new InputException(
                $"{Name}: made for items of shape {Input}, and cannot take {options.Input}. {error.Message}", error);
        }
    }
}
