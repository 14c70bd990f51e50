namespace PyNetSharp.Models;

/// <summary>A network of the catalogue: its name, how it is built, and how it is trained by default.</summary>
/// <param name="Name">The command line's name: "nin-d2l".</param>
/// <param name="Summary">One line for a list.</param>
/// <param name="Input">One item's shape that the network is made for.</param>
/// <param name="Recipe">How it is trained unless the user says otherwise.</param>
/// <param name="Build">Makes the model with PyTorch's default weights; does not check the input's size.</param>
public sealed record NetworkDefinition(
    string Name, string Summary, Shape Input, Recipe Recipe, Func<NetworkOptions, Rng, Module> Build)
{
    /// <summary>Whether <see cref="NetworkOptions.Dropout"/> changes anything.</summary>
    public bool HasDropout { get; init; } = true;

    /// <summary>Makes the model, with PyTorch's default weights, and checks that it fits the input.</summary>
    /// <param name="options">The input's shape, the classes, and what differs from the network as published.</param>
    /// <param name="rng">Draws the weights and, later, the dropout masks.</param>
    /// <exception cref="InputException">
    /// The network cannot take items of this shape; the message names the layer that cannot.
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
