namespace PyNetSharp;

/// <summary>Shapes that an op or a layer does not accept. The message names the op and all shapes.</summary>
public sealed class ShapeException : ArgumentException
{
    private readonly string detail = "";

    /// <summary>A shape error without a message.</summary>
    public ShapeException()
    {
    }

    /// <summary>A shape error whose <paramref name="message"/> names the op, all shapes and the rule.</summary>
    public ShapeException(string message) : base(message) => detail = message;

    /// <summary>A shape error caused by another exception.</summary>
    public ShapeException(string message, Exception innerException) : base(message, innerException) => detail = message;

    private ShapeException(string path, ShapeException within) : base($"{path}: {within.detail}", within) =>
        (Path, detail) = (path, within.detail);

    /// <summary>
    /// The path of the module in which it happened, such as <c>features.0</c>; empty outside of a model.
    /// </summary>
    public string Path { get; } = "";

    /// <summary>The same error with the name of a child module put before the path.</summary>
    public ShapeException PrependPath(string name) => new(Path.Length == 0 ? name : $"{name}.{Path}", this);
}
