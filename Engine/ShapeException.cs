namespace PyNetSharp;

/// <summary>
/// Shapes that do not fit an op or a layer. The message names the op and every shape that takes part.
/// </summary>
public sealed class ShapeException : ArgumentException
{
    private readonly string detail = "";

    /// <summary>A shape error without a message.</summary>
    public ShapeException()
    {
    }

    /// <summary>
    /// A shape error whose <paramref name="message"/> names the op, all shapes and the rule that they break.
    /// </summary>
    public ShapeException(string message) : base(message) => detail = message;

    /// <summary>A shape error that another error led to.</summary>
    public ShapeException(string message, Exception innerException) : base(message, innerException) => detail = message;

    private ShapeException(string path, ShapeException within) : base($"{path}: {within.detail}", within) =>
        (Path, detail) = (path, within.detail);

    /// <summary>Where in a model it happened, as in its state: <c>features.0</c>. Empty outside of one.</summary>
    public string Path { get; } = "";

    /// <summary>The same error, seen from the module whose child <paramref name="name"/> it happened in.</summary>
    public ShapeException PrependPath(string name) => new(Path.Length == 0 ? name : $"{name}.{Path}", this);
}
