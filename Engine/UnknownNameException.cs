namespace PyNetSharp;

/// <summary>A name that is not in its catalog: of a model, a data set, a device.</summary>
/// <param name="kind">What the name should have named, in the singular: "model".</param>
/// <param name="name">The name that was given.</param>
/// <param name="known">The names that exist.</param>
public sealed class UnknownNameException(string kind, string name, IReadOnlyCollection<string> known)
    : InputException($"unknown {kind} '{name}'. The {kind}s are {string.Join(", ", known)}.")
{
    /// <summary>What the name should have named, in the singular.</summary>
    public string Kind { get; } = kind;

    /// <summary>The name that was given.</summary>
    public string Name { get; } = name;

    /// <summary>The names that exist.</summary>
    public IReadOnlyCollection<string> Known { get; } = known;
}
