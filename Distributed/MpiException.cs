namespace PyNetSharp.Distributed;

/// <summary>An operation of MPI failed: another rank has ended, or the network is at fault.</summary>
public sealed class MpiException : Exception
{
    /// <summary>An error without a message.</summary>
    public MpiException()
    {
    }

    /// <summary>An error.</summary>
    /// <param name="message">The operation, and MPI's own text.</param>
    public MpiException(string message)
        : base(message)
    {
    }

    /// <summary>An error that another exception revealed.</summary>
    /// <param name="message">The operation, and MPI's own text.</param>
    /// <param name="inner">That exception.</param>
    public MpiException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
