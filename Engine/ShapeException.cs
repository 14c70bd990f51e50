namespace PyNetSharp;

/// <summary>Shapes that an op or a layer does not accept. The message names the op and all shapes.</summary>
/// <remarks>
/// Where modules call each other, the message begins with <see cref="Path"/>, the path from the outermost module that
/// was called: <c>stages.1.conv: Conv2d: …</c>.
/// </remarks>
public sealed class ShapeException : ArgumentException
{
    private readonly string detail = "";
    private Module? module;         // the outermost so far whose call it has ended; Path begins there

    /// <summary>A shape error without a message.</summary>
    public ShapeException()
    {
    }

    /// <summary>A shape error whose <paramref name="message"/> names the op, all shapes and the rule.</summary>
    public ShapeException(string message) : base(message) => detail = message;

    /// <summary>A shape error caused by another exception.</summary>
    public ShapeException(string message, Exception innerException) : base(message, innerException) => detail = message;

    private ShapeException(string path, ShapeException within) : base(within.Message, within) =>
        (Path, detail) = (path, within.detail);

    /// <summary>
    /// The path of the module in which it happened, such as <c>features.0</c>, from the outermost module that was
    /// called; empty outside of a model.
    /// </summary>
    public string Path { get; private set; } = "";

    /// <summary><see cref="Path"/>, if there is one, and what is wrong.</summary>
    public override string Message => Path.Length == 0 ? base.Message : $"{Path}: {detail}";

    /// <summary>
    /// The same error with the name of a child module put before the path: for code that computes a module's function
    /// otherwise than by calling the module, which adds the path itself.
    /// </summary>
    public ShapeException PrependPath(string name) => new(Join(name, Path), this);

    /// <summary>Completes the path when the error leaves a call of <paramref name="caller"/>.</summary>
    internal void Leave(Module caller)
    {
        if (module is not null) Path = Join(PathWithin(caller, module), Path);
        module = caller;
    }

    /// <summary>The path of a module that another called, which need not be its child.</summary>
    private static string PathWithin(Module caller, Module called)
    {
        if (caller == called) return "";
        try
        {
            foreach (var (path, module) in caller.Descendants())
                if (module == called)
                    return path;
        }
        catch (InvalidOperationException)
        {
            // The caller holds state that cannot be found: an error of its own, which Parameters() reports.
        }

        return called.GetType().Name;
    }

    private static string Join(string path, string rest) =>
        path.Length == 0 ? rest : rest.Length == 0 ? path : $"{path}.{rest}";
}
