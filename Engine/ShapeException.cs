namespace PyNetSharp;

/// <summary>Shapes that do not fit an op or a layer. The message names the op and every shape that takes part.</summary>
public sealed class ShapeException : ArgumentException
{
    /// <summary>A shape error without a message.</summary>
    public ShapeException()
    {
    }

    /// <summary>A shape error whose <paramref name="message"/> names the op, all shapes and the rule that they break.</summary>
    public ShapeException(string message) : base(message)
    {
    }

    /// <summary>A shape error that another error led to.</summary>
    public ShapeException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
