namespace PyNetSharp;

/// <summary>
/// A GPU's driver reported an error that is no lack of memory: a kernel went wrong, or the device is gone.
/// </summary>
/// <remarks>
/// Kernels run behind the calls that launch them, so an error shows at a later call; the message names the last kernel
/// that was launched. From then on every use of the device throws this at once: what its memory holds is not to be
/// trusted.
/// </remarks>
public sealed class DeviceException : Exception
{
    /// <summary>An error that nothing is known about.</summary>
    public DeviceException()
    {
    }

    /// <summary>An error that the <paramref name="message"/> describes.</summary>
    public DeviceException(string message) : base(message)
    {
    }

    /// <summary>An error that the <paramref name="message"/> describes, and what the driver's caller threw.</summary>
    public DeviceException(string message, Exception? inner) : base(message, inner)
    {
    }
}
