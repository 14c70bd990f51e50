namespace PyNetSharp;

/// <summary>
/// A GPU's driver reported an error other than a lack of memory: a kernel has failed, or the device is gone.
/// </summary>
/// <remarks>
/// Kernels run asynchronously, so an error is reported by a later call; the message names the last kernel that was
/// launched. From then on every use of the device throws this exception, because the content of its memory is
/// undefined.
/// </remarks>
public sealed class DeviceException : Exception
{
    /// <summary>An error without a message.</summary>
    public DeviceException()
    {
    }

    /// <summary>An error that the <paramref name="message"/> describes.</summary>
    public DeviceException(string message) : base(message)
    {
    }

    /// <summary>An error that the <paramref name="message"/> describes, and its cause.</summary>
    public DeviceException(string message, Exception? inner) : base(message, inner)
    {
    }
}
